/**
 * The page's elements: found by id, and made with their text as text. Nothing here takes markup.
 */

/** @param {string} id */
export function find(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no element ${id}`);
  return element;
}

/**
 * @param {string} tag
 * @param {Record<string, string | boolean | ((event: any) => void)>} [attributes] a function listens for the event of its name
 * @param {...(Node | string)} children strings become text
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/**
 * Sets a text only where it differs, so that nothing is drawn or read out anew for the same words.
 * @param {Element} element
 * @param {string} text
 */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Shows a sentence, or hides its element where there is none.
 * @param {HTMLElement} element
 * @param {string | null} text
 */
export function tell(element, text) {
  write(element, text ?? "");
  element.hidden = !text;
}

export const motion = {
  /** Whether things may travel. Colours may change in either case. */
  get allowed() {
    return !matchMedia("(prefers-reduced-motion: reduce)").matches;
  },
};

/**
 * Finds, makes and changes the page's elements. Text stays text: nothing here takes markup.
 */

/**
 * The element with an id. Throws if the page has none.
 * @param {string} id
 */
export function find(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no element ${id}`);
  return element;
}

/**
 * Makes an element.
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
 * Sets a text if it has changed. The same text again would be drawn, and read out, again.
 * @param {Element} element
 * @param {string} text
 */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Shows a sentence, or hides its element if there is none.
 * @param {HTMLElement} element
 * @param {string | null} text
 */
export function tell(element, text) {
  write(element, text ?? "");
  element.hidden = !text;
}

/** What the viewer's system says about motion. */
export const motion = {
  /** Whether things may move. Colours may change in either case. */
  get allowed() {
    return !matchMedia("(prefers-reduced-motion: reduce)").matches;
  },
};

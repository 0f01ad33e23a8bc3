/**
 * Finds, makes and changes the page's elements. Text stays text: nothing here takes markup.
 */

/** How far a finger slides that means to stay, in pixels. */
const SLIP = 16;

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

/**
 * Calls back when a button is pressed. The page may draw something between down and up, so that the button is elsewhere when the
 * pointer comes up: the press counts. It is taken back only by moving the pointer off the button.
 * @param {HTMLElement} button
 * @param {() => void} onPress
 */
export function press(button, onPress) {
  const down = { x: 0, y: 0 };
  button.addEventListener("pointerdown", ({ button: which, clientX, clientY, pointerId }) => {
    if (which !== 0) return;
    Object.assign(down, { x: clientX, y: clientY });
    button.setPointerCapture(pointerId);
  });
  button.addEventListener("click", ({ detail, clientX, clientY }) => {
    const { left, right, top, bottom } = button.getBoundingClientRect();
    const isOn = clientX >= left && clientX <= right && clientY >= top && clientY <= bottom;
    // The keyboard has no pointer.
    if (detail === 0 || isOn || Math.hypot(clientX - down.x, clientY - down.y) <= SLIP) onPress();
  });
}

/** What the viewer's system says about motion. */
export const motion = {
  /** Whether things may move. Colours may change in either case. */
  get allowed() {
    return !matchMedia("(prefers-reduced-motion: reduce)").matches;
  },
};

/*
 * What `<live-leaderboard>` says, how it writes scores, and how its parts are made.
 */

/** @import { Entry } from "./frame.js" */
/** @import { Order } from "./element_story.js" */

/** What the element says. A page in another language gives its own. */
export const words = {
  place: "Place",
  player: "Player",
  score: "Score",
  you: "You",
  enteredNote: "new",
  leadsNote: "takes the lead",
  tiedNote: "tied",
  renamedNote: "new name",
  toPlace: (/** @type {string} */ points, /** @type {string} */ place) => `${points} to place ${place}`,
  ahead: (/** @type {string} */ points) => `${points} ahead`,
  connecting: "Connecting",
  empty: "No scores yet. The first one will appear here live.",
  unknown: (/** @type {string} */ board) => `There is no board “${board}”.`,
  stale: (/** @type {string} */ time) => `Connection lost. Showing the board as of ${time}. Reconnecting.`,
  leads: (/** @type {string} */ name, /** @type {string} */ score) => `${name} leads with ${score}`,
  total: (/** @type {string} */ count) => `Players: ${count}`,
};

/** @typedef {typeof words} Words */

/**
 * How a board is shown. `own`: the id of the viewer, whose line is marked. `quiet`: the page itself says how things stand.
 * @typedef {{label: string, locale: string | undefined, words: Words, formatScore?: (score: number, entry: Entry) => string,
 *   order: Order, own: string | null, bars: boolean, quiet: boolean}} Manner
 */

/**
 * A score as people read it.
 * @param {number} score the entry's, or a difference from it
 * @param {Readonly<Entry>} entry
 * @param {Manner} manner
 * @internal
 */
export const scoreText = (score, entry, { formatScore, locale }) => formatScore?.(score, entry) ?? score.toLocaleString(locale);

/**
 * Makes an element.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} part its name for `::part()`, and for the style
 * @param {...Node} children
 * @internal
 */
export function make(tag, part, ...children) {
  const element = document.createElement(tag);
  element.part.value = part;
  element.className = part;
  element.append(...children);
  return element;
}

/**
 * Sets a text if it has changed. The same text again would be drawn, and read out, again.
 * @param {Element} element
 * @param {string} text
 * @internal
 */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

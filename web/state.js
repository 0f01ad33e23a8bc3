/**
 * How a connection stands, in a word.
 */

/** @typedef {import("./texts/index.js").Key} Key */

/** @type {Partial<Record<import("./client/index.js").Status["state"], Key>>} */
const KEYS = {
  polling: "status.polling",
  offline: "status.offline",
  reconnecting: "status.reconnecting",
  paused: "status.paused",
  idle: "status.idle",
};

/**
 * The name of a state for the style, and its text.
 * @param {import("./client/index.js").Status} status
 * @returns {{name: string, key: Key}}
 */
export function stateOf({ state, staleSince }) {
  if (state === "live") return staleSince ? { name: "catching-up", key: "status.catchingUp" } : { name: "live", key: "status.live" };
  return { name: state, key: KEYS[state] ?? "status.connecting" };
}

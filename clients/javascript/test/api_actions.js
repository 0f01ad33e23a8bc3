/** What tests of completed actions share: tickets, a service that counts, and the locks of a browser. */

import { tokenOf } from "./loopback.js";

/** @typedef {import("../src/api/index.js").Api} Api */
/** @typedef {import("./loopback.js").FakeStore} FakeStore */

export const SCORES = "POST /boards/global/scores";
export const entry = { userId: "ann", userName: "Ann", userScore: 5, scoreUpdatedAt: "2026-11-23T08:15:30.123Z" };
export const counted = { body: { entry, changed: true, replayed: false } };
export const token = () => tokenOf("ann");

/**
 * A ticket that is good now, for so long.
 * @param {string} name
 * @param {{life?: number, from?: number}} [times] milliseconds
 */
export function ticketOf(name, { life = 60_000, from = Date.now() } = {}) {
  const [notBefore, expiresAt] = [from, from + life].map((time) => new Date(time).toISOString());
  return { ticket: name, action: "visit", points: 5, notBefore, expiresAt };
}

/** Counts as the service does: each ticket once. */
export function counter() {
  /** @type {Set<string>} */
  const taken = new Set();
  let under = 0;
  const counts = { score: 0, mostAtOnce: 0 };
  const react = async (/** @type {import("./loopback.js").Heard} */ { body }) => {
    counts.mostAtOnce = Math.max(counts.mostAtOnce, (under += 1));
    await new Promise((resolve) => setTimeout(resolve, 20));
    under -= 1;
    const replayed = taken.has(body.ticket);
    if (!replayed) counts.score += 5;
    taken.add(body.ticket);
    return { body: { entry, changed: !replayed, replayed } };
  };
  return { counts, react };
}

/** Locks as a browser gives them to its tabs: one holder at a time. */
export class FakeLocks {
  /** @type {Map<string, Promise<unknown>>} */
  #last = new Map();

  /**
   * @param {string} name
   * @param {{signal: AbortSignal}} options
   * @param {() => Promise<any>} work
   */
  request(name, { signal }, work) {
    const held = (this.#last.get(name) ?? Promise.resolve()).then(() => {
      signal.throwIfAborted();
      return work();
    });
    this.#last.set(name, held.catch(() => {}));
    return held;
  }
}

/**
 * What an API tells of kept actions.
 * @param {Api} api
 */
export function toldBy(api) {
  /** @type {any[]} */
  const told = [];
  api.on("completed", ({ outcome, ...rest }) => told.push({ ...rest, changed: outcome.changed }));
  api.on("givenUp", ({ error, ...rest }) => told.push({ ...rest, code: error.code }));
  return told;
}

/**
 * What is kept in a storage, by its keys.
 * @param {FakeStore} storage
 */
export const keptIn = (storage) => Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? "").filter((key) => key.includes("kept"));

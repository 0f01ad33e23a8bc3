/**
 * One attempt at an action: its ticket, what the service asks, and the answer. The answer is sent again until the service has
 * it, or the ticket has expired.
 */

/** @typedef {import("./service.js").Outcome} Outcome */
/** @typedef {import("./service.js").Ticket} Ticket */

import { Failure } from "./failures.js";

/** How long after `notBefore` the answer is sent, in milliseconds. */
const ALLOWANCE = 150;
/** The waits between the first tries to send an answer, in milliseconds; the last one goes on. */
const WAITS = [1_000, 2_000, 4_000];

/** One ticket, until its answer is counted. */
export class Attempt {
  #service;
  #board;
  /** @type {Ticket} */
  #ticket;
  #takenAt;

  /** When the service takes the answer, by `performance.now()`, since clocks may be wrong. */
  readyAt;
  /** Until when it does. */
  expiresAt;

  /**
   * @param {import("./service.js").Service} service
   * @param {string} board
   * @param {Ticket} ticket
   * @param {{askedAt: number, minSeconds: number}} times
   */
  constructor(service, board, ticket, { askedAt, minSeconds }) {
    this.#service = service;
    this.#board = board;
    this.#ticket = ticket;
    this.#takenAt = performance.now();
    const life = Date.parse(ticket.expiresAt) - Date.parse(ticket.notBefore) + minSeconds * 1000;
    this.readyAt = this.#takenAt + minSeconds * 1000 + ALLOWANCE;
    this.expiresAt = askedAt + life;
  }

  /**
   * Takes a ticket. Throws the service's `Failure`.
   * @param {import("./service.js").Service} service
   * @param {string} board
   * @param {string} action
   * @param {number} minSeconds
   */
  static async begin(service, board, action, minSeconds) {
    const askedAt = performance.now();
    return new Attempt(service, board, await service.take(board, action), { askedAt, minSeconds });
  }

  /** What the service asks; the game knows its form. */
  get challenge() {
    return this.#ticket.challenge;
  }

  /** How much of the wait is over, 0 to 1. */
  get progress() {
    return Math.min(1, (performance.now() - this.#takenAt) / (this.readyAt - this.#takenAt));
  }

  /**
   * Sends the answer when its time has come, and again while that may help: the service counts it once.
   * @param {unknown} evidence undefined where the action asks for none
   * @param {{signal: AbortSignal, onTrouble: (failure: Failure, waitMs: number) => void}} options
   * @returns {Promise<Outcome>}
   */
  async send(evidence, { signal, onTrouble }) {
    await pause(this.readyAt - performance.now(), signal);
    for (let attempt = 0; ; attempt += 1) {
      if (performance.now() >= this.expiresAt) throw new Failure("ticket_expired", { status: 410 });
      try {
        const completion = { ticket: this.#ticket.ticket, ...(evidence === undefined ? {} : { evidence }) };
        return await this.#service.complete(this.#board, completion);
      } catch (failure) {
        if (!(failure instanceof Failure) || !failure.passing) throw failure;
        const wait = Math.max(failure.retryAfter * 1000, WAITS[Math.min(attempt, WAITS.length - 1)]);
        onTrouble(failure, wait);
        await pause(Math.min(wait, this.expiresAt - performance.now()), signal);
      }
    }
  }
}

/**
 * Waits.
 * @param {number} milliseconds
 * @param {AbortSignal} signal
 * @returns {Promise<void>} rejected with the signal's reason
 */
export function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const timer = setTimeout(resolve, Math.max(0, milliseconds));
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        reject(signal.reason);
      },
      { once: true },
    );
  });
}

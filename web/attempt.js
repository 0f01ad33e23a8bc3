/**
 * One attempt at an action: its ticket, what the service asks, and the answer, which the package's client keeps until the
 * service has it.
 */

/** @typedef {import("./client/api/index.js").Api} Api */
/** @typedef {import("./client/api/index.js").Ticket} Ticket */

import { LeaderboardError } from "./client/api/index.js";

/** How long after `notBefore` the answer is sent, in milliseconds. */
const ALLOWANCE = 150;

/** One ticket, until its answer is counted. */
export class Attempt {
  #api;
  #board;
  /** @type {Ticket} */
  #ticket;
  #takenAt;

  /** When the service takes the answer, by `performance.now()`, since clocks may be wrong. */
  readyAt;
  /** Until when it does. */
  expiresAt;

  /**
   * @param {Api} api
   * @param {string} board
   * @param {Ticket} ticket
   * @param {{askedAt: number, minSeconds: number}} times
   */
  constructor(api, board, ticket, { askedAt, minSeconds }) {
    this.#api = api;
    this.#board = board;
    this.#ticket = ticket;
    this.#takenAt = performance.now();
    const life = Date.parse(ticket.expiresAt) - Date.parse(ticket.notBefore) + minSeconds * 1000;
    this.readyAt = this.#takenAt + minSeconds * 1000 + ALLOWANCE;
    this.expiresAt = askedAt + life;
  }

  /**
   * Takes a ticket. Rejects with the service's error.
   * @param {Api} api
   * @param {string} board
   * @param {string} action
   * @param {number} minSeconds
   */
  static async begin(api, board, action, minSeconds) {
    const askedAt = performance.now();
    return new Attempt(api, board, await api.ticket(board, action), { askedAt, minSeconds });
  }

  /** What the service asks; the game knows its form. */
  get challenge() {
    return this.#ticket.challenge;
  }

  /** How much of the wait is over, 0 to 1. */
  get progress() {
    return Math.min(1, (performance.now() - this.#takenAt) / (this.readyAt - this.#takenAt));
  }

  /** The error of an answer that comes too late. */
  static expired() {
    return new LeaderboardError("ticket_expired", { status: 410 });
  }

  /**
   * Sends the answer when its time has come, and again while that may help: the service counts it once.
   * @param {unknown} evidence undefined where the action asks for none
   * @param {{signal: AbortSignal, onRetry: (error: LeaderboardError, wait: number) => void}} options `signal` ends the waiting, not the
   *   sending; `onRetry` hears why a try failed, and in how many milliseconds the next one is
   */
  async send(evidence, options) {
    const [ready, end] = [this.readyAt, this.expiresAt].map((time) => time - performance.now());
    if (end <= 0) throw Attempt.expired();
    // By this machine's clock, which is also the one that the client waits by.
    const [notBefore, expiresAt] = [Math.max(0, ready), end].map((left) => new Date(Date.now() + left).toISOString());
    return this.#api.complete(this.#board, { ...this.#ticket, notBefore, expiresAt }, { evidence, ...options });
  }
}

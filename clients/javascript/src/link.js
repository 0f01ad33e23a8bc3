/**
 * One connection's life: open by when, pings and their deadlines, what was asked and answered on it, when to replace it.
 * Says what to send; sends nothing.
 */

/** @typedef {import("./frame.js").Place} Place */
/** @typedef {import("./timing.js").Timing} Timing */

import { fullJitter } from "./backoff.js";

/** Asking again after so long is no longer a repetition. */
const FORGET_ATTEMPTS_AFTER = 60_000;

/**
 * A subscription on this connection. `known`: the service answered once. `at`: when to send, or when to stop waiting.
 * @typedef {{state: "due" | "sent" | "settled" | "refused", known: boolean, at: number, askedAt: number, attempt: number}} Ask
 */

/**
 * @typedef {{action: "subscribe", board: string, have?: {epoch: string, version: number}}
 *   | {action: "unsubscribe", board: string} | {action: "ping"}} Message
 */

export class Link {
  openedAt = Infinity;
  heardAt = -Infinity;
  replaceAt = Infinity;

  /** Whether every board was answered on it once. */
  live = false;
  /** Whether nobody looks: silence alone is then no reason to ping. */
  unwatched = false;

  /** @type {Map<string, Ask>} */
  #asks = new Map();
  /** @type {{sentAt: number, by: number} | null} */
  #ping = null;
  /** When the next ping goes out whatever is heard, and how much silence calls for it before. */
  #pingAt = Infinity;
  #patience = Infinity;
  #probeBy = Infinity;
  #missedPongs = 0;
  #openBy;
  #timing;
  #random;

  /**
   * @param {number} id counts up
   * @param {{now: number, timing: Timing, random: () => number}} surroundings
   */
  constructor(id, { now, timing, random }) {
    this.id = id;
    this.#timing = timing;
    this.#random = random;
    this.#openBy = now + timing.openTimeout;
  }

  get isOpen() {
    return this.openedAt < Infinity;
  }

  /** @param {number} now */
  open(now) {
    this.openedAt = this.heardAt = this.#pingAt = now;
    this.replaceAt = now + this.#timing.lifetime + this.#random() * this.#timing.lifetimeJitter;
  }

  /**
   * @param {string} board
   * @param {number} now
   */
  follow(board, now) {
    this.#asks.set(board, { state: "due", known: false, at: now, askedAt: -Infinity, attempt: 0 });
  }

  /** @param {string} board */
  forget(board) {
    this.#asks.delete(board);
  }

  /**
   * The service answered a `subscribe`.
   * @param {string} board
   * @returns {number} when it was sent; -Infinity if none is waiting
   */
  answer(board) {
    const ask = this.#asks.get(board);
    if (!ask) return -Infinity;
    const waiting = ask.state === "sent";
    ask.known = true;
    if (ask.state !== "due") ask.state = "settled";
    return waiting ? ask.askedAt : -Infinity;
  }

  /** @param {string} board */
  isAnswered(board) {
    return this.#asks.get(board)?.known ?? false;
  }

  /** @param {string} board */
  isSettled(board) {
    return this.#asks.get(board)?.state === "settled";
  }

  /**
   * There is no such board, as far as this connection is concerned.
   * @param {string} board
   */
  refuse(board) {
    const ask = this.#asks.get(board);
    if (ask) ask.state = "refused";
  }

  /**
   * The last `subscribe` did not work, or is not in force any more.
   * @param {string | undefined} board every waiting one if not named
   * @param {{now: number, slower?: number}} manner attempts to skip
   */
  askAgain(board, { now, slower = 0 }) {
    for (const [name, ask] of this.#asks) {
      if (ask.state === "refused" || (board === undefined ? ask.state !== "sent" : name !== board)) continue;
      ask.known = false;
      ask.attempt += slower;
      this.#postpone(ask, now);
    }
  }

  /**
   * An update fitted: whatever was wrong is over.
   * @param {string} board
   */
  fitted(board) {
    const ask = this.#asks.get(board);
    if (ask) ask.attempt = 0;
  }

  /**
   * Asks for a sign of life, and wants it soon.
   * @param {number} now
   */
  probe(now) {
    if (!this.isOpen) return;
    const by = now + this.#timing.probeTimeout;
    if (this.#ping) this.#ping.by = Math.min(this.#ping.by, by);
    else this.#pingAt = now;
    this.#probeBy = by;
  }

  /**
   * @param {number} now
   * @returns {number | null} when the service looked at its clock, as this client's clock has it; null if no ping is out
   */
  pong(now) {
    const ping = this.#ping;
    if (!ping) return null;
    this.#ping = null;
    this.#missedPongs = 0;
    const lot = this.#random();
    this.#pingAt = now + this.#timing.pingInterval * (0.9 + 0.2 * lot);
    this.#patience = this.#timing.pingAfter * (0.9 + 0.1 * lot);
    return (ping.sentAt + now) / 2;
  }

  /** When to ping next. */
  get #dueAt() {
    return this.unwatched ? this.#pingAt : Math.min(this.#pingAt, this.heardAt + this.#patience);
  }

  /** From when on a ping that nothing has followed makes the boards doubtful. */
  get doubtAt() {
    return this.#ping && this.heardAt <= this.#ping.sentAt ? this.#ping.sentAt + this.#timing.doubtAfter : Infinity;
  }

  /**
   * Holds the connection to its deadlines.
   * @param {number} now
   * @returns {boolean} whether it has to be given up
   */
  expire(now) {
    if (!this.isOpen) return now >= this.#openBy;
    if (!this.#ping || now < this.#ping.by) return false;
    if (this.heardAt <= this.#ping.sentAt || this.#missedPongs > 0) return true;
    this.#missedPongs += 1;
    this.#ping = null;
    this.#pingAt = now;
    return false;
  }

  /**
   * What is to be sent now.
   * @param {number} now
   * @param {(board: string) => {behind: boolean, held: Place | null}} standing
   * @returns {Message[]}
   */
  messages(now, standing) {
    if (!this.isOpen) return [];
    /** @type {Message[]} */
    const messages = [];
    if (!this.#ping && now >= this.#dueAt) {
      this.#ping = { sentAt: now, by: Math.min(now + this.#timing.pongTimeout, this.#probeBy) };
      this.#pingAt = this.#patience = this.#probeBy = Infinity;
      messages.push({ action: "ping" });
    }
    for (const [board, ask] of this.#asks) {
      const { behind, held } = standing(board);
      if (ask.state === "sent" && now >= ask.at) this.#postpone(ask, now);
      if (ask.state === "settled" && behind) this.#postpone(ask, now);
      if (ask.state === "due" && ask.known && !behind) ask.state = "settled";
      if (ask.state === "due" && now >= ask.at) {
        Object.assign(ask, { state: "sent", at: now + this.#timing.answerTimeout, askedAt: now });
        const have = held?.epoch != null ? { epoch: held.epoch, version: held.version } : undefined;
        messages.push({ action: "subscribe", board, have });
      }
    }
    this.live ||= [...this.#asks.values()].every(({ state, known }) => known || state === "refused");
    return messages;
  }

  /** The next time at which something may have to be done. */
  get due() {
    if (!this.isOpen) return this.#openBy;
    const asks = [...this.#asks.values()].filter(({ state }) => state === "due" || state === "sent");
    return Math.min(this.#ping ? this.#ping.by : this.#dueAt, this.replaceAt, ...asks.map(({ at }) => at));
  }

  /**
   * @param {Ask} ask
   * @param {number} now
   */
  #postpone(ask, now) {
    if (now - ask.askedAt > FORGET_ATTEMPTS_AFTER) ask.attempt = 0;
    const { askBase: base, askCap: cap } = this.#timing;
    ask.state = "due";
    ask.at = now + fullJitter(this.#random, { attempt: ask.attempt, base, cap });
    ask.attempt += 1;
  }
}

/*
 * The life of one connection: until when it must open, its pings, what was asked and answered on it, and when to
 * replace it. It says what to send and sends nothing itself.
 *
 * A connection can die without a sign, so silence is answered with a ping, and without a pong the connection is given
 * up. Each board on it has an ask: a `subscribe` that is due, sent, settled, or refused for good. An ask without an
 * answer, or whose board is still behind, is due again after a random wait that doubles. So gaps are repaired by
 * asking again, without flooding the service.
 */

/** @import { Place } from "./frame.js" */
/** @import { Timing } from "./timing.js" */

import { fullJitter } from "./backoff.js";

/** Asking again after so long is no longer a repetition. */
const FORGET_ATTEMPTS_AFTER = 60_000;

/**
 * What a link has to know of a board. `behind`: there is a newer board than the held one, or may be.
 * @typedef {{behind: boolean, held: Place | null}} BoardState
 */

/**
 * The subscription of one board on this connection. `at`: when to send the `subscribe`, or, once it is sent, until when to
 * wait for its answer. `known`: whether the service has answered it once.
 * @typedef {{state: "due" | "sent" | "settled" | "refused", known: boolean, at: number, askedAt: number, attempt: number}} Ask
 */

/**
 * @typedef {{action: "subscribe", board: string, have?: {epoch: string, version: number}}
 *   | {action: "unsubscribe", board: string} | {action: "ping"}} Message
 */

/** One connection, from the try to open it to its end. All times are milliseconds. @internal */
export class Link {
  openedAt = Infinity;
  /** When the last message came. */
  heardAt = -Infinity;
  /** When another link is to take its place. */
  replaceAt = Infinity;

  /** Whether every board has been answered on it once. */
  live = false;
  /** @type {Map<string, Ask>} */
  #asks = new Map();
  /** A ping without an answer yet, and by when its pong is wanted. @type {{sentAt: number, by: number} | null} */
  #ping = null;
  /** When the next ping goes out whatever is heard. */
  #pingAt = Infinity;
  /** How much silence makes it go out before. */
  #silenceLimit = Infinity;
  #probeBy = Infinity;
  #missedPongs = 0;
  #openBy;
  #slowAt;
  #surroundings;
  #timing;
  #random;

  /**
   * @param {number} number counts up
   * @param {number} now
   * @param {{timing: Timing, random: () => number, unwatched: boolean}} surroundings `unwatched`: whether nobody looks at the
   *   page; silence alone is then no reason to ping
   */
  constructor(number, now, surroundings) {
    this.number = number;
    this.#surroundings = surroundings;
    this.#timing = surroundings.timing;
    this.#random = surroundings.random;
    this.#openBy = now + surroundings.timing.openTimeout;
    this.#slowAt = now + surroundings.timing.pollAfter;
  }

  /** Whether its socket has opened. */
  get isOpen() {
    return this.openedAt < Infinity;
  }

  /**
   * Its socket has opened.
   * @param {number} now
   */
  open(now) {
    this.openedAt = this.heardAt = this.#pingAt = now;
    this.replaceAt = now + this.#timing.lifetime + this.#random() * this.#timing.lifetimeJitter;
  }

  /**
   * Subscribes to a board with the next messages.
   * @param {string} board
   * @param {number} now
   */
  follow(board, now) {
    this.#asks.set(board, { state: "due", known: false, at: now, askedAt: -Infinity, attempt: 0 });
  }

  /**
   * A board is no longer followed.
   * @param {string} board
   */
  forget(board) {
    this.#asks.delete(board);
  }

  /**
   * The service answered a `subscribe`.
   * @param {string} board
   * @returns {number} when that was sent; -Infinity if none was waiting for an answer
   */
  answer(board) {
    const ask = this.#asks.get(board);
    if (!ask) return -Infinity;
    const waiting = ask.state === "sent";
    ask.known = true;
    if (ask.state !== "due") ask.state = "settled";
    return waiting ? ask.askedAt : -Infinity;
  }

  /**
   * Whether the service has answered for the board, and the answer is still in force.
   * @param {string} board
   */
  isAnswered(board) {
    return this.#asks.get(board)?.known ?? false;
  }

  /**
   * Whether nothing is to be asked about the board.
   * @param {string} board
   */
  isSettled(board) {
    return this.#asks.get(board)?.state === "settled";
  }

  /**
   * The service has no such board: it is not asked for again on this connection.
   * @param {string} board
   */
  refuse(board) {
    const ask = this.#asks.get(board);
    if (ask) ask.state = "refused";
  }

  /**
   * Plans another `subscribe`: the last one did not work, or is no longer in force.
   * @param {string | undefined} board undefined for every board that waits for an answer
   * @param {{now: number, slower?: number}} manner `slower`: how many doublings of the wait to skip
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
   * An update could be applied: whatever was wrong is over, and so is the long wait.
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
   * Takes a pong.
   * @param {number} now
   * @returns {number | null} when the service read its clock, by this client's; null if no ping was waiting
   */
  pong(now) {
    const ping = this.#ping;
    if (!ping) return null;
    this.#ping = null;
    this.#missedPongs = 0;
    const chance = this.#random();
    this.#pingAt = now + this.#timing.pingInterval * (0.9 + 0.2 * chance);
    this.#silenceLimit = this.#timing.pingAfter * (0.9 + 0.1 * chance);
    return (ping.sentAt + now) / 2;
  }

  get #nextPingAt() {
    return this.#surroundings.unwatched ? this.#pingAt : Math.min(this.#pingAt, this.heardAt + this.#silenceLimit);
  }

  /** When it is slow to open, or silence after a ping makes the boards doubtful; Infinity if something followed. */
  get doubtAt() {
    if (!this.isOpen) return this.#slowAt;
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
    // Frames still come in, so perhaps only the pong was lost: one more ping decides.
    this.#missedPongs += 1;
    this.#ping = null;
    this.#pingAt = now;
    return false;
  }

  /**
   * The messages to send now.
   * @param {number} now
   * @param {(board: string) => BoardState} boardState
   * @returns {Message[]}
   */
  messages(now, boardState) {
    if (!this.isOpen) return [];
    /** @type {Message[]} */
    const messages = [];
    if (!this.#ping && now >= this.#nextPingAt) {
      this.#ping = { sentAt: now, by: Math.min(now + this.#timing.pongTimeout, this.#probeBy) };
      this.#pingAt = this.#silenceLimit = this.#probeBy = Infinity;
      messages.push({ action: "ping" });
    }
    for (const [board, ask] of this.#asks) {
      const { behind, held } = boardState(board);
      const failed = ask.state === "sent" ? now >= ask.at : ask.state === "settled" && behind;
      if (failed) this.#postpone(ask, now);
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

  /** When there is something to do next. */
  get due() {
    if (!this.isOpen) return this.#openBy;
    const asks = [...this.#asks.values()].filter(({ state }) => state === "due" || state === "sent");
    return Math.min(this.#ping ? this.#ping.by : this.#nextPingAt, this.replaceAt, ...asks.map(({ at }) => at));
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

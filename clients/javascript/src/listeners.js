/*
 * Those who listen to boards, to the status and to problems. One that throws harms no other.
 */

/** @import { Board, Changes } from "./board.js" */
/** @import { Problem } from "./problems.js" */
/** @import { Status } from "./status.js" */

import { changesBetween } from "./board.js";

/** @typedef {(board: Board, changes: Changes) => void} Listener */
/** A listener of one board. Its first board comes without changes. @typedef {{onChange: Listener, hasBoard: boolean}} Subscriber */

/** All listeners of one client, and how they are called. @internal */
export class Listeners {
  /** @type {Map<string, Set<Subscriber>>} */
  #boards = new Map();
  /** @type {{status: Set<(status: Status) => void>, problem: Set<(problem: Problem) => void>}} */
  #events = { status: new Set(), problem: new Set() };
  /** @type {Status | null} */
  #lastStatus = null;

  /**
   * Adds a listener of the status or of problems.
   * @param {"status" | "problem"} event
   * @param {any} listener
   * @returns {() => void} removes it
   */
  add(event, listener) {
    this.#events[event].add(listener);
    return () => void this.#events[event].delete(listener);
  }

  /**
   * Adds a subscriber of a board.
   * @param {string} board
   * @param {Subscriber} subscriber
   * @returns {boolean} whether it is the first one
   */
  subscribe(board, subscriber) {
    const subscribers = this.#boards.get(board) ?? new Set();
    this.#boards.set(board, subscribers.add(subscriber));
    return subscribers.size === 1;
  }

  /**
   * Removes a subscriber, if it is still there.
   * @param {string} board
   * @param {Subscriber} subscriber
   * @returns {boolean} whether it was the last one
   */
  unsubscribe(board, subscriber) {
    const subscribers = this.#boards.get(board);
    return subscribers?.delete(subscriber) === true && subscribers.size === 0 && this.#boards.delete(board);
  }

  /** Removes every subscriber, also from the calls that are under way. */
  clearBoards() {
    for (const subscribers of this.#boards.values()) subscribers.clear();
    this.#boards.clear();
  }

  /**
   * Calls the subscribers of a board.
   * @param {Board} board
   * @param {Changes} changes
   */
  show(board, changes) {
    for (const subscriber of this.#boards.get(board.board) ?? []) show(subscriber, board, changes);
  }

  /**
   * Shows a new subscriber the board that is held, unless it has seen one by now.
   * @param {Board} board
   * @param {Subscriber} subscriber
   */
  showHeld(board, subscriber) {
    if (!subscriber.hasBoard && this.#boards.get(board.board)?.has(subscriber)) show(subscriber, board, changesBetween(null, board));
  }

  /**
   * Calls the listeners of the status, if it is a new one.
   * @param {Status} status
   */
  showStatus(status) {
    if (status === this.#lastStatus) return;
    this.#lastStatus = status;
    for (const listener of this.#events.status) call(() => listener(status));
  }

  /**
   * Calls the listeners of problems; without one, the console has it.
   * @param {Problem} problem
   */
  report(problem) {
    const listeners = this.#events.problem;
    if (listeners.size === 0) console.warn(`leaderboard-client: ${problem.message}`);
    for (const listener of listeners) call(() => listener(problem));
  }
}

/**
 * @param {Subscriber} subscriber
 * @param {Board} board
 * @param {Changes} changes
 */
function show(subscriber, board, changes) {
  const first = !subscriber.hasBoard;
  subscriber.hasBoard = true;
  call(() => subscriber.onChange(board, first ? changesBetween(null, board) : changes));
}

/**
 * An error of a listener is reported as uncaught, and the others are called.
 * @param {() => void} listener
 */
function call(listener) {
  try {
    listener();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

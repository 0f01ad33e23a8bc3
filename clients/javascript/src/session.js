/*
 * The client without its I/O: events and the time go in, effects come out. The same events at the same times give the
 * same effects.
 *
 * Each step has two halves. First the event changes what is known. Then everything that is due is done, in a fixed
 * order: forget boards without listeners, start or stop, keep the connections, read over HTTP where no socket is
 * live, show what changed. The second half never looks at the event, only at what is known and at the time. So it
 * does not matter in which order things went wrong.
 */

/** @import { Condition, ConnectionState } from "./status.js" */
/** @import { Diagnosis } from "./diagnosis.js" */
/** @import { Effect } from "./effects.js" */
/** @import { Event } from "./events.js" */
/** @import { Polling } from "./polling.js" */

import { FollowedBoard } from "./followed_board.js";
import { parseFrame } from "./frame.js";
import { doubtTimes, staleAt } from "./freshness.js";
import { Inbox } from "./inbox.js";
import { PageState } from "./page_state.js";
import { SessionParts } from "./session_parts.js";

/** The decisions of one client: when to connect, subscribe, ping, replace, poll and pause. @internal */
export class Session {
  /** @type {Effect[]} */
  #effects = [];
  #parts;
  #boards;
  #connections;
  #inbox;
  /** Reads over HTTP, once what they need is there. @type {Polling | null} */
  #polling = null;
  /** @type {Diagnosis | null} */
  #diagnosis = null;
  #page;
  #now = -Infinity;
  /** Whether there is something to follow, and somebody to look. */
  #wanted = false;
  #closed = false;
  #everLive = false;
  /** @type {Condition} */
  condition;

  /** @param {import("./session_parts.js").Means} means */
  constructor(means) {
    const parts = new SessionParts(means, (effect) => this.#effects.push(effect));
    this.#parts = parts;
    this.#boards = parts.boards;
    this.#connections = parts.connections;
    this.#inbox = new Inbox(parts);
    this.#page = new PageState(parts, (now, wait) => this.#hurry(now, wait));
    this.condition = { state: "idle", staleAt: Infinity, attempt: 0, retryAt: Infinity, problems: parts.problems.list };
  }

  /** The time of the service minus this client's, in milliseconds. */
  get offset() {
    return this.#parts.offset;
  }

  /**
   * The board that is held of a followed one; null before the first.
   * @param {string} board
   */
  held(board) {
    return this.#boards.get(board)?.following.held ?? null;
  }

  /**
   * Takes an event and returns the effects, in the order to perform them.
   * @param {Event} event
   * @param {number} now milliseconds, never less than before
   * @returns {Effect[]}
   */
  step(event, now) {
    if (!this.#closed) {
      this.#now = now;
      this.#take(event, now);
      this.#advance(now);
    }
    return this.#effects.splice(0);
  }

  /** When to `tick` at the latest; Infinity if only another event can change anything. */
  get due() {
    const boards = [...this.#boards.values()];
    const times = boards.map(({ forgetAt }) => forgetAt);
    if (this.#wanted) {
      times.push(this.#page.pauseAt, this.#connections.due, this.#polling?.due ?? Infinity);
      const moments = [this.#diagnosis?.lookAt ?? Infinity, ...doubtTimes(this.#parts), ...boards.map((board) => board.nextSeasonAt(this.offset))];
      times.push(...moments.filter((at) => at > this.#now));
    }
    return Math.min(...times);
  }

  // What is known

  /**
   * @param {Event} event
   * @param {number} now
   */
  #take(event, now) {
    switch (event.type) {
      case "follow":
        return this.#follow(event.board, now);
      case "unfollow": {
        const board = this.#boards.get(event.board);
        if (board) board.forgetAt = now + this.#parts.timing.linger;
        return;
      }
      case "socketOpened":
        return this.#opened(event.link, now);
      case "messageReceived":
        return this.#received(event.link, event.text, now);
      case "socketLost": {
        if (event.problem) this.#parts.problems.report("socket", event.problem);
        const link = this.#connections.find(event.link);
        return link && this.#connections.lose(link, now);
      }
      case "readSucceeded":
        return this.#polling?.succeed(event, now);
      case "readFailed":
        return this.#polling?.fail(event, now);
      case "problemFound":
        return this.#parts.problems.report(event.source, event.problem);
      case "loaded":
        return this.#load(event, now);
      case "close":
        this.#closed = true;
        return;
      case "tick":
        return;
      default:
        this.#page.take(event.type, now);
    }
  }

  /**
   * @param {string} name
   * @param {number} now
   */
  #follow(name, now) {
    const known = this.#boards.get(name);
    if (known) {
      known.forgetAt = Infinity;
      return;
    }
    const { random, timing } = this.#parts;
    const board = new FollowedBoard(name, random() * timing.rollJitter);
    this.#boards.set(name, board);
    for (const link of this.#connections.all) if (link.isOpen) link.follow(name, now);
    this.#readFirst(board, now);
  }

  /**
   * @param {import("./events.js").Loaded} parts
   * @param {number} now
   */
  #load({ Polling, Diagnosis }, now) {
    if (Diagnosis) this.#diagnosis = new Diagnosis(this.#parts);
    if (!Polling) return;
    this.#polling = this.#parts.polling = new Polling(this.#parts);
    for (const board of this.#boards.values()) this.#readFirst(board, now);
  }

  /**
   * A board is read over HTTP at once, since a socket takes longer; unless the socket is open already.
   * @param {FollowedBoard} board
   * @param {number} now
   */
  #readFirst(board, now) {
    const { current, offline } = this.#connections;
    this.#polling?.adopt(board);
    if (!current?.isOpen && !offline && !this.#page.isPaused(now)) this.#polling?.read(board, now);
  }

  /**
   * @param {number} number
   * @param {number} now
   */
  #opened(number, now) {
    const link = this.#connections.find(number);
    link?.open(now);
    for (const name of this.#boards.keys()) link?.follow(name, now);
    this.#parts.everOpened = true;
    this.#parts.problems.solve("socket", "origin");
  }

  /**
   * @param {number} number
   * @param {unknown} text
   * @param {number} now
   */
  #received(number, text, now) {
    const link = this.#connections.find(number);
    if (!link?.isOpen) return;
    link.heardAt = now;
    const frame = parseFrame(text);
    if (frame) this.#inbox.take(frame, link, now);
  }

  /**
   * Somebody looks, or the network is back: whatever waits is done after `wait` at the latest.
   * @param {number} now
   * @param {number} wait
   */
  #hurry(now, wait) {
    if (this.#wanted && this.#parts.sockets) this.#connections.hurry(now, wait);
    for (const { poll } of this.#boards.values()) poll?.hurry(now + wait);
  }

  // What is due

  /** @param {number} now */
  #advance(now) {
    this.#forget(now);
    this.#startOrStop(now);
    if (this.#wanted) {
      this.#connections.advance(now, (name) => /** @type {FollowedBoard} */ (this.#boards.get(name)).state(now, this.offset));
      if (this.#connections.current?.live) {
        this.#everLive = true;
        this.#polling?.end();
      } else this.#polling?.begin(now);
      this.#polling?.advance(now);
      this.#diagnosis?.advance(now);
    }
    this.#updateCondition(now);
  }

  /**
   * Stops following boards that nobody has listened to for a while.
   * @param {number} now
   */
  #forget(now) {
    for (const [name, board] of this.#boards) {
      if (now < board.forgetAt) continue;
      this.#polling?.abort(board);
      this.#boards.delete(name);
      this.#parts.problems.solve(`board ${name}`, `read ${name}`);
      for (const link of this.#connections.all) {
        link.forget(name);
        if (link.isOpen) this.#parts.emit({ do: "send", link: link.number, message: { action: "unsubscribe", board: name } });
      }
    }
  }

  /**
   * Starts everything when there is a board to follow and somebody to look, and stops it when there is not.
   * @param {number} now
   */
  #startOrStop(now) {
    const wanted = !this.#closed && !this.#page.isPaused(now) && this.#boards.size > 0;
    if (wanted && !this.#wanted && this.#parts.sockets) this.#connections.start(now);
    if (!wanted && this.#wanted) {
      this.#connections.stop();
      this.#polling?.stop();
    }
    this.#wanted = wanted;
    if (!this.#closed) return;
    this.#boards.clear();
    this.#parts.problems.clear();
  }

  /**
   * Shows the condition, if it has changed.
   * @param {number} now
   */
  #updateCondition(now) {
    const { current, connectAt, failures } = this.#connections;
    const state = this.#state(now);
    /** @type {Condition} */
    const condition = {
      state,
      staleAt: staleAt(this.#parts, state, now),
      attempt: state === "live" ? 0 : failures,
      retryAt: current ? Infinity : connectAt,
      problems: this.#parts.problems.list,
    };
    const before = this.condition;
    if (Object.entries(condition).every(([key, value]) => before[/** @type {keyof Condition} */ (key)] === value)) return;
    this.condition = condition;
    this.#parts.emit({ do: "showCondition", condition });
  }

  /**
   * @param {number} now
   * @returns {ConnectionState}
   */
  #state(now) {
    if (this.#closed) return "closed";
    if (this.#boards.size === 0) return "idle";
    if (!this.#wanted) return "paused";
    const { current, failures, offline } = this.#connections;
    if (current?.live) return "live";
    if (offline) return "offline";
    if (this.#polling?.works && now >= this.#polling.startsAt) return "polling";
    return this.#everLive || failures > 0 ? "reconnecting" : "connecting";
  }
}

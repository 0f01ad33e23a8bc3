/*
 * Completed actions on their way to the service. Each is kept until the service has answered for it. So it survives a bad
 * connection, a session that ended and a page that was closed: the next page or another tab sends it again, one at a time where
 * there are Web Locks. The service counts a ticket once, so sending it twice does no harm. How long a ticket is good is for the
 * service to say, since this machine's clock may be wrong. Without any answer an action is given up after its ticket's life.
 */

/** @import { Outcome } from "./schemas.js" */
/** @import { Storage } from "./storage.js" */
/** @import { ApiTiming } from "./timing.js" */

import { LeaderboardError } from "./errors.js";
import { pause, until, waitAfter } from "./timing.js";

/**
 * A completed action.
 * @typedef {object} Completion
 * @property {string} board
 * @property {string} ticket
 * @property {unknown} [evidence]
 * @property {string | null} userId whose action it is
 * @property {string} [action]
 * @property {number} readyAt from when the ticket is good by the service's clock, in milliseconds since 1970; 0 if unknown
 * @property {number} life for how long it is good, in milliseconds
 */

/**
 * The part of `navigator.locks` that is used.
 * @typedef {{request: (name: string, options: {signal: AbortSignal}, work: () => Promise<any>) => Promise<any>}} Locks
 */

/** For how long a ticket is taken to be good that comes without its times, in milliseconds. */
const UNKNOWN_LIFE = 15 * 60_000;

/** After these the player may sign in again, and then the action is sent. */
const AFTER_SIGN_IN = new Set(["sign_in_required", "session_ended", "unauthorized"]);

/** The completed actions that the service has not answered for. @internal */
export class Outbox {
  #parts;
  #closing = new AbortController();
  /**
   * What this page sends, by key: the answer, and how many callers wait for it.
   * @type {Map<string, {answer: Promise<Outcome | null>, awaited: number}>}
   */
  #sending = new Map();
  #unwatch;

  /**
   * @param {object} parts
   * @param {Storage} parts.storage
   * @param {string} parts.prefix of the keys in the storage
   * @param {{timing: ApiTiming, random: () => number, now: () => number}} parts.surroundings
   * @param {Locks | null | undefined} parts.locks
   * @param {() => string | null} parts.owner whose actions are sent
   * @param {(completion: Completion, signal: AbortSignal) => Promise<Outcome>} parts.send
   * @param {(completion: Completion, outcome: Outcome) => void} parts.onCompleted
   * @param {(completion: Completion, error: LeaderboardError) => void} parts.onGivenUp
   */
  constructor(parts) {
    this.#parts = parts;
    this.#unwatch = parts.storage.watch(parts.prefix, () => this.resume());
  }

  /** Whether anything is kept, of whomever. */
  get isEmpty() {
    return this.#parts.storage.keys(this.#parts.prefix).length === 0;
  }

  /**
   * Keeps a completed action and sends it.
   * @param {Completion} given
   * @param {AbortSignal | null} [signal] ends the waiting; the action is still kept and sent
   * @returns {Promise<Outcome>}
   */
  async add(given, signal) {
    signal?.throwIfAborted();
    // A copy: the game may go on with what it gave as evidence.
    const completion = /** @type {Completion} */ (JSON.parse(JSON.stringify(given)));
    // The end of a ticket is its signature: no two are alike.
    const key = `${this.#parts.prefix}${completion.ticket.slice(-32)}`;
    this.#parts.storage.write(key, completion);
    const sending = this.#take(key, completion, { whatever: true });
    sending.awaited += 1;
    try {
      return /** @type {Outcome} */ (await until(sending.answer, signal));
    } catch (error) {
      if (signal?.aborted) sending.awaited -= 1;
      throw error;
    }
  }

  /** Sends what this player's earlier page or another tab kept. */
  resume() {
    const { storage, prefix, owner } = this.#parts;
    for (const key of storage.keys(prefix)) {
      const completion = storage.read(key);
      const isOwn = typeof completion?.ticket === "string" && (completion.userId ?? owner()) === owner();
      if (isOwn) this.#take(key, completion, { whatever: false });
    }
  }

  /**
   * Forgets what is kept of a player.
   * @param {string | null} userId
   */
  forget(userId) {
    const { storage, prefix } = this.#parts;
    for (const key of storage.keys(prefix)) if (storage.read(key)?.userId === userId) storage.write(key, undefined);
  }

  /** Ends all sending. What is kept stays. */
  close() {
    this.#unwatch();
    this.#closing.abort(new DOMException("The API was closed.", "AbortError"));
  }

  /**
   * @param {string} key
   * @param {Completion} completion
   * @param {{whatever: boolean}} options `whatever`: also if another tab had the answer meanwhile, since a caller waits for it
   */
  #take(key, completion, { whatever }) {
    const known = this.#sending.get(key);
    if (known) return known;
    const answer = this.#alone(key, () => this.#deliver(key, completion, whatever));
    const sending = { answer, awaited: 0 };
    this.#sending.set(key, sending);
    answer.then(
      (outcome) => this.#end(key, sending, () => outcome && this.#parts.onCompleted(completion, outcome)),
      (error) =>
        this.#end(key, sending, () => {
          const given = error instanceof LeaderboardError && !AFTER_SIGN_IN.has(error.code);
          if (given) this.#parts.onGivenUp(completion, error);
        }),
    );
    return sending;
  }

  /**
   * @param {string} key
   * @param {{awaited: number}} sending
   * @param {() => void} tell
   */
  #end(key, sending, tell) {
    this.#sending.delete(key);
    if (sending.awaited === 0) tell();
  }

  /**
   * Does the work while no other tab does it for the same action.
   * @template T
   * @param {string} key
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  async #alone(key, work) {
    const { signal } = this.#closing;
    let begun = false;
    const begin = () => {
      begun = true;
      return work();
    };
    try {
      return await (this.#parts.locks?.request(key, { signal }, begin) ?? begin());
    } catch (error) {
      // A page without an origin may not take locks.
      if (begun || signal.aborted) throw error;
      return work();
    }
  }

  /**
   * Sends one action until the service has answered for it.
   * @param {string} key
   * @param {Completion} completion
   * @param {boolean} whatever
   * @returns {Promise<Outcome | null>} null if another tab had the answer
   */
  async #deliver(key, completion, whatever) {
    const { storage, surroundings, send } = this.#parts;
    const { timing, now } = surroundings;
    const { signal } = this.#closing;
    const startedAt = performance.now();
    const early = completion.readyAt - now();
    if (early > 0 && early <= timing.earliness) await pause(early, signal);
    for (let attempt = 0; ; attempt += 1) {
      signal.throwIfAborted();
      if (!whatever && storage.read(key) === undefined) return null;
      try {
        const outcome = await send(completion, signal);
        storage.write(key, undefined);
        return outcome;
      } catch (error) {
        if (!(error instanceof LeaderboardError) || AFTER_SIGN_IN.has(error.code)) throw error;
        const failure = performance.now() - startedAt > completion.life + timing.allowance ? expired(error) : error;
        if (!failure.temporary) {
          storage.write(key, undefined);
          throw failure;
        }
        await pause(waitAfter(surroundings, { attempt, retryAfter: failure.retryAfter }), signal);
      }
    }
  }
}

/**
 * When a ticket is good.
 * @param {{notBefore?: string, expiresAt?: string}} times
 * @internal
 */
export function spanOf({ notBefore, expiresAt }) {
  if (notBefore === undefined || expiresAt === undefined) return { readyAt: 0, life: UNKNOWN_LIFE };
  const readyAt = Date.parse(notBefore);
  return { readyAt, life: Date.parse(expiresAt) - readyAt };
}

/** @param {LeaderboardError} cause */
function expired(cause) {
  const detail = "Not confirmed in time. It may have counted: look at the score.";
  return new LeaderboardError("ticket_expired", { detail, cause });
}

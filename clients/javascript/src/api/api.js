/* The whole HTTP API for visitors and players, typed by its reference. */

/** @import { Board, Entry, Found, Line, Name, Neighbourhood, Outcome, OwnScores, Routes, Ticket, Top } from "./schemas.js" */
/** @import { CallOptions, TokenFunction } from "./account.js" */
/** @import { Locks } from "./outbox.js" */
/** @import { Store } from "./storage.js" */
/** @import { ApiTiming } from "./timing.js" */

import { Account } from "./account.js";
import { Calls } from "./calls.js";
import { LeaderboardError } from "./errors.js";
import { Outbox, spanOf } from "./outbox.js";
import { Requests } from "./requests.js";
import { Storage } from "./storage.js";
import { timing as standard } from "./timing.js";

/**
 * @typedef {object} ApiOptions
 * @property {string} http the API's URL: anything before `/boards`
 * @property {string} [cognito] Cognito's URL, e.g. `https://cognito-idp.eu-central-1.amazonaws.com/`
 * @property {string} [webClientId] the stage's web client
 * @property {TokenFunction} [token] gives access tokens, instead of `cognito`; `renew`: the last one was refused
 * @property {Store | null} [storage] where session and completed actions are kept; the browser's `localStorage` unless given, null for memory
 * @property {typeof globalThis.fetch} [fetch]
 * @property {Partial<ApiTiming>} [timing] durations in milliseconds, see `timing.js`
 * @property {Locks | null} [locks] Web Locks; the browser's unless given
 * @property {() => number} [now] the wall clock, milliseconds since 1970
 * @property {() => number} [random]
 */

/** A kept action that nobody waits for any more. @typedef {{board: string, action?: string, ticket: string}} Kept */

/**
 * What `on` calls listeners with.
 * @typedef {object} ApiEvents
 * @property {{userId: string | null}} player somebody signed in or out, in this tab or another
 * @property {Kept & {outcome: Outcome}} completed an action counted that was kept before
 * @property {Kept & {error: LeaderboardError}} givenUp an action that was kept before does not count; `error.code` is the reason
 */

const SIGNED_OUT = new Set(["sign_in_required", "session_ended"]);

/** The requests of the API. A method rejects with a `LeaderboardError`, or with the reason of the caller's signal. */
export class Api {
  #calls;
  #outbox;
  #closed = false;
  /** @type {{[E in keyof ApiEvents]: Set<(event: ApiEvents[E]) => void>}} */
  #listeners = { player: new Set(), completed: new Set(), givenUp: new Set() };

  /** Signing up, signing in, the session and a forgotten password. @type {Account} */
  account;

  /** @param {ApiOptions} options @internal */
  constructor({ http, cognito, webClientId, token, ...rest }) {
    const timing = { ...standard, ...rest.timing };
    const { now = Date.now, random = Math.random } = rest;
    const fetch = rest.fetch ?? ((input, init) => globalThis.fetch(input, init));
    const storage = new Storage(rest.storage);
    const requests = new Requests({ fetch, timing, random });
    const onPlayer = () => this.#onPlayer();
    this.account = new Account({ cognito, webClientId, token, requests, storage, timing, now, onPlayer });
    this.#calls = new Calls({ http, requests, account: this.account });
    this.#outbox = new Outbox({
      storage,
      prefix: `leaderboard:kept:${http}:`,
      surroundings: { timing, random, now },
      locks: rest.locks === undefined ? globalThis.navigator?.locks : rest.locks,
      owner: () => this.account.userId,
      ...this.#delivery(),
    });
    // Later, so that listeners that are added at once hear of it.
    setTimeout(() => this.#start());
  }

  /**
   * The boards and their rules.
   * @param {CallOptions} [options]
   * @returns {Promise<Board[]>}
   */
  async boards({ signal } = {}) {
    return (await this.#calls.read("GET /boards", { path: {}, signal })).boards;
  }

  /**
   * The first entries of a board.
   * @param {string} board
   * @param {Routes["GET /boards/{board}/top"]["query"] & CallOptions} [options]
   * @returns {Promise<Top>}
   */
  async top(board, { signal, ...query } = {}) {
    return this.#calls.read("GET /boards/{board}/top", { path: { board }, query, signal });
  }

  /**
   * Every entry of a board, in order; further pages are read as they are needed.
   * @param {string} board
   * @param {Routes["GET /boards/{board}/entries"]["query"] & CallOptions} [options] `limit` is a page's, 100 unless given; `cursor` is
   *   where to begin
   * @returns {AsyncGenerator<Entry, void, undefined>}
   */
  async *entries(board, options) {
    for await (const page of this.pages(board, options)) yield* page.entries;
  }

  /**
   * The same, page by page, with `total`, `season` and `nextCursor`. A season that ends meanwhile is still read to its end.
   * @param {string} board
   * @param {Routes["GET /boards/{board}/entries"]["query"] & CallOptions} [options]
   * @returns {AsyncGenerator<import("./schemas.js").Page, void, undefined>}
   */
  pages(board, options) {
    return this.#calls.pages("GET /boards/{board}/entries", { board }, options);
  }

  /**
   * A user's entry and the neighbours. Rejects with `user_not_ranked` if there is none.
   * @param {string} board
   * @param {string} userId
   * @param {Routes["GET /boards/{board}/users/{userId}"]["query"] & CallOptions} [options] `around`: how many on each side, 5 unless given
   * @returns {Promise<Neighbourhood>}
   */
  async user(board, userId, { signal, ...query } = {}) {
    return this.#calls.read("GET /boards/{board}/users/{userId}", { path: { board, userId }, query, signal });
  }

  /**
   * A user's history, newest first; pages are read as they are needed. Rejects with `user_not_ranked` for who is not on the board.
   * @param {string} board
   * @param {string} userId
   * @param {Routes["GET /boards/{board}/users/{userId}/history"]["query"] & CallOptions} [options] `limit` is a page's, 100 unless given
   * @returns {AsyncGenerator<Line, void, undefined>}
   */
  async *history(board, userId, options) {
    const pages = this.#calls.pages("GET /boards/{board}/users/{userId}/history", { board, userId }, options);
    for await (const page of pages) yield* page.lines;
  }

  /**
   * Some users, e.g. friends, in board order.
   * @param {string} board
   * @param {string[]} userIds 1 to 100
   * @param {Routes["POST /boards/{board}/entries/query"]["query"] & CallOptions} [options]
   * @returns {Promise<Found>}
   */
  async query(board, userIds, { signal, ...query } = {}) {
    return this.#calls.read("POST /boards/{board}/entries/query", { path: { board }, query, body: { userIds }, signal });
  }

  /**
   * Visible users whose name begins so, wherever they are ranked. Case and diacritics do not count; names that nobody chose are not found.
   * @param {string} name the beginning of it
   * @param {Omit<Routes["GET /users"]["query"], "name"> & CallOptions} [options] `limit`: how many at most, 10 unless given
   * @returns {Promise<Name[]>}
   */
  async findUsers(name, { signal, ...query } = {}) {
    return (await this.#calls.read("GET /users", { path: {}, query: { ...query, name }, signal })).users;
  }

  /**
   * The player's own scores on every board.
   * @param {CallOptions} [options]
   * @returns {Promise<OwnScores>}
   */
  async scores({ signal } = {}) {
    return this.#calls.repeat("GET /me/scores", { path: {}, signal });
  }

  /**
   * Begins an action. It is not repeated after a failure, since a ticket with a challenge counts as an attempt.
   * @param {string} board
   * @param {string} action
   * @param {CallOptions} [options]
   * @returns {Promise<Ticket>}
   */
  async ticket(board, action, { signal } = {}) {
    return this.#calls.asPlayer("POST /boards/{board}/tickets", { path: { board }, body: { action }, signal });
  }

  /**
   * Completes an action with its ticket. It is kept and sent again until the service has answered, also after the page was closed.
   * @param {string} board
   * @param {Ticket | string} ticket whole, or its text alone
   * @param {{evidence?: unknown, onRetry?: (error: LeaderboardError, wait: number) => void} & CallOptions} [options] `evidence` where
   *   the action asks for it; `onRetry` is called when a try failed, with the milliseconds until the next one; `signal` ends the
   *   waiting, not the action
   * @returns {Promise<Outcome>}
   */
  async complete(board, ticket, { evidence, onRetry, signal } = {}) {
    const { ticket: text, action, ...times } = typeof ticket === "string" ? { ticket, action: undefined } : ticket;
    const { userId } = this.account;
    return this.#outbox.add({ board, ticket: text, action, evidence, userId, ...spanOf(times) }, { onRetry, signal });
  }

  /**
   * Gives the player another name, on every board.
   * @param {string} userName
   * @param {CallOptions} [options]
   * @returns {Promise<Name>}
   */
  async rename(userName, { signal } = {}) {
    return this.#calls.repeat("PUT /me", { path: {}, body: { userName }, signal });
  }

  /**
   * Deletes the player: every score, the name and the sign-in. Rejects with `sign_in_again` if the sign-in is older than 10 minutes.
   * @param {CallOptions} [options]
   */
  async deleteAccount({ signal } = {}) {
    await this.#calls.repeat("DELETE /me", { path: {}, signal });
    this.#outbox.forget(this.account.userId);
    await this.account.signOut();
  }

  /**
   * A ticket for one authenticated socket. As `fetchTicket` of `createLeaderboard` it makes the player's connections authenticated, and
   * a visitor's anonymous.
   * @param {CallOptions} [options]
   * @returns {Promise<string | null>} null if nobody is signed in
   */
  socketTicket = async ({ signal } = {}) => {
    try {
      return (await this.#calls.asPlayer("POST /socket-tickets", { path: {}, signal })).ticket;
    } catch (error) {
      if (error instanceof LeaderboardError && SIGNED_OUT.has(error.code)) return null;
      throw error;
    }
  };

  /**
   * Adds a listener.
   * @template {keyof ApiEvents} E
   * @param {E} event
   * @param {(event: ApiEvents[E]) => void} listener
   * @returns {() => void} removes it
   */
  on(event, listener) {
    this.#listeners[event].add(listener);
    return () => void this.#listeners[event].delete(listener);
  }

  /** Ends everything for good: no timer or listener stays. Who still waits for a completed action gets an AbortError; it is kept. */
  close() {
    this.#closed = true;
    this.#outbox.close();
    this.account.close();
    for (const listeners of Object.values(this.#listeners)) listeners.clear();
  }

  /** Sends what was kept before this page. */
  async #start() {
    if (this.#closed || this.#outbox.isEmpty) return;
    // A token function's player is known after its first token.
    if (this.account.userId === null) await this.account.token().catch(() => {});
    this.#outbox.resume();
  }

  #onPlayer() {
    this.#tell("player", { userId: this.account.userId });
    this.#outbox.resume();
  }

  /**
   * How completed actions are sent, and what is told of them.
   * @returns {Pick<ConstructorParameters<typeof Outbox>[0], "send" | "onCompleted" | "onGivenUp">}
   */
  #delivery() {
    return {
      send: ({ board, ticket, evidence, userId }, signal) => {
        const parts = { path: { board }, body: { ticket, evidence }, keepalive: true, signal };
        return this.#calls.asPlayer("POST /boards/{board}/scores", parts, userId);
      },
      onCompleted: ({ board, action, ticket }, outcome) => this.#tell("completed", { board, action, ticket, outcome }),
      onGivenUp: ({ board, action, ticket }, error) => {
        if (this.#listeners.givenUp.size === 0) console.warn(`leaderboard-client: ${action ?? "action"} on ${board} does not count: ${error.detail}`);
        this.#tell("givenUp", { board, action, ticket, error });
      },
    };
  }

  /**
   * @template {keyof ApiEvents} E
   * @param {E} event
   * @param {ApiEvents[E]} told
   */
  #tell(event, told) {
    for (const listener of [...this.#listeners[event]]) {
      try {
        listener(told);
      } catch (error) {
        // A listener that throws harms no other.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

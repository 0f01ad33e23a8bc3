/**
 * The service's HTTP API, as far as the page uses it. A call that fails throws a `Failure`.
 */

import { call } from "./calls.js";
import { Failure } from "./failures.js";

/** @typedef {import("./client/index.js").Entry} Entry */
/** @typedef {{points: number | {min: number, max: number}, evidence: boolean, minSeconds: number, expiresSeconds: number}} Action */
/** @typedef {{kind: "number" | "duration" | "percent", decimals?: number | null, unit?: string | null}} Format */
/**
 * @typedef {object} Rules
 * @property {string} board
 * @property {string} title
 * @property {"asc" | "desc"} order
 * @property {string} operator
 * @property {number} topSize
 * @property {Record<string, Action>} actions
 * @property {Format} format
 * @property {number | null} viewers
 * @property {{season: string, startsAt: string | null, endsAt: string | null}} season the current one
 * @property {string[]} seasons the kept ones, newest first
 */
/** @typedef {{ticket: string, action: string, challenge?: any, notBefore: string, expiresAt: string}} Ticket */
/** @typedef {{entry: {userName: string, userScore: number, scoreUpdatedAt: string} | null, changed: boolean, replayed: boolean}} Outcome */

/** The calls, for the player who is signed in. */
export class Service {
  #http;
  #identity;

  /**
   * @param {{http: string}} configuration
   * @param {import("./identity.js").Identity} identity
   */
  constructor({ http }, identity) {
    this.#http = http.replace(/\/+$/, "");
    this.#identity = identity;
  }

  /** The boards and their rules. @returns {Promise<Rules[]>} */
  async boards() {
    return (await call(`${this.#http}/boards`)).boards;
  }

  /**
   * The top of a season, as it was recorded.
   * @param {string} board
   * @param {string} season
   * @returns {Promise<{board: string, season: string, total: number, entries: Entry[]}>}
   */
  async top(board, season) {
    return call(`${this.#http}/boards/${board}/top?${new URLSearchParams({ season })}`);
  }

  /**
   * A page of the whole ranking.
   * @param {string} board
   * @param {{season: string, cursor: string | null, limit: number}} page the cursor is that of the page before, null for the first
   * @returns {Promise<{entries: Entry[], total: number, nextCursor: string | null}>}
   */
  async entries(board, { season, cursor, limit }) {
    const query = new URLSearchParams({ season, limit: String(limit), ...(cursor === null ? {} : { cursor }) });
    return call(`${this.#http}/boards/${board}/entries?${query}`);
  }

  /**
   * A user's entry in the whole ranking, with neighbours. Throws the failure `user_not_ranked` if there is none.
   * @param {string} board
   * @param {string} season
   * @param {string} userId
   * @param {number} around how many neighbours on each side
   * @returns {Promise<{entry: Entry, total: number, around: Entry[]}>}
   */
  async userEntry(board, season, userId, around) {
    const query = new URLSearchParams({ around: String(around), season });
    return call(`${this.#http}/boards/${board}/users/${encodeURIComponent(userId)}?${query}`);
  }

  /**
   * The first players whose names begin so.
   * @param {string} name
   * @param {{limit: number}} options
   * @returns {Promise<{userId: string, userName: string}[]>}
   */
  async findUsers(name, { limit }) {
    return (await call(`${this.#http}/users?${new URLSearchParams({ name, limit: String(limit) })}`)).users;
  }

  /** The player, with the scores on every board. @returns {Promise<{userId: string, userName: string, scores: {board: string, season: string, userScore: number, scoreUpdatedAt: string}[]}>} */
  async own() {
    return this.#asPlayer("GET", "/me/scores");
  }

  /**
   * Gives the player another name.
   * @param {string} userName
   */
  async rename(userName) {
    return this.#asPlayer("PUT", "/me", { userName });
  }

  /** Deletes the player: scores, name and sign-in. */
  async erase() {
    return this.#asPlayer("DELETE", "/me");
  }

  /**
   * Takes a ticket to complete an action once.
   * @param {string} board
   * @param {string} action
   * @returns {Promise<Ticket>}
   */
  async take(board, action) {
    return this.#asPlayer("POST", `/boards/${board}/tickets`, { action });
  }

  /**
   * Completes an action with its ticket.
   * @param {string} board
   * @param {{ticket: string, evidence?: unknown}} completion
   * @returns {Promise<Outcome>}
   */
  async complete(board, completion) {
    return this.#asPlayer("POST", `/boards/${board}/scores`, completion);
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   */
  async #asPlayer(method, path, body) {
    const send = (/** @type {string} */ token) =>
      call(`${this.#http}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
        body,
      });
    try {
      return await send(await this.#identity.token());
    } catch (failure) {
      // The gateway does not accept the token any more: try once with a new one. Its refusal may come without the headers that
      // let a page read it, and then looks like no answer. Trying again is safe, since every call here may be repeated.
      const refused = failure instanceof Failure && (failure.status === 401 || failure.code === "unreachable");
      if (!refused || failure.code === "session_ended") throw failure;
      return send(await this.#identity.token({ renew: true }));
    }
  }
}

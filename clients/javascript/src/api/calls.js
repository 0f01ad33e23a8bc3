/*
 * Calls of the service's routes: for anyone, or for the player who is signed in.
 */

/** @import { Account } from "./account.js" */
/** @import { Requests } from "./requests.js" */
/** @import { Routes } from "./schemas.js" */

import { LeaderboardError } from "./errors.js";

/** A token that is younger is not doubted, in milliseconds. */
const TRUSTED = 60_000;

/**
 * What a call of a route takes.
 * @template {keyof Routes} R
 * @typedef {{path: Routes[R]["path"], query?: Routes[R]["query"], body?: Routes[R]["body"],
 *   signal?: AbortSignal | null, keepalive?: boolean}} Parts
 */

/** The service's routes. @internal */
export class Calls {
  #http;
  #requests;
  #account;
  #renewedAt = -Infinity;

  /** @param {{http: string, requests: Requests, account: Account}} parts */
  constructor({ http, requests, account }) {
    this.#http = http.replace(/\/+$/, "");
    this.#requests = requests;
    this.#account = account;
  }

  /**
   * A call for anyone, that may be repeated.
   * @template {keyof Routes} R
   * @param {R} route
   * @param {Parts<R>} parts
   * @returns {Promise<Routes[R]["answer"]>}
   */
  read(route, parts) {
    return this.#requests.repeat(() => this.#send(route, parts), parts.signal);
  }

  /**
   * The pages of a route, one after the other. A season that ends meanwhile is still read to its end.
   * @template {"GET /boards/{board}/entries" | "GET /boards/{board}/users/{userId}/history"} R
   * @param {R} route
   * @param {Routes[R]["path"]} path
   * @param {Routes[R]["query"] & {signal?: AbortSignal | null}} [options]
   * @returns {AsyncGenerator<Routes[R]["answer"], void, undefined>}
   */
  async *pages(route, path, { signal, limit = 100, cursor, season } = {}) {
    do {
      const page = await this.read(route, { path, query: { limit, cursor, season }, signal });
      yield page;
      season = page.season;
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
  }

  /**
   * A call for the player, that may be repeated.
   * @template {keyof Routes} R
   * @param {R} route
   * @param {Parts<R>} parts
   * @returns {Promise<Routes[R]["answer"]>}
   */
  repeat(route, parts) {
    return this.#requests.repeat(() => this.asPlayer(route, parts), parts.signal);
  }

  /**
   * A call for the player. Only a token that may be the reason for a failure makes it be sent again, with a new one: the gateway does not
   * accept it any more. In a browser that refusal may come without the headers that let a page read it, and looks like no answer.
   * @template {keyof Routes} R
   * @param {R} route
   * @param {Parts<R>} parts
   * @param {string | null} [userId] which player; null: the one who is signed in
   * @returns {Promise<Routes[R]["answer"]>}
   */
  async asPlayer(route, parts, userId = null) {
    try {
      return await this.#send(route, parts, await this.#token(userId, { renew: false }));
    } catch (error) {
      const { code } = /** @type {{code?: string}} */ (error);
      if (code !== "unauthorized" && (code !== "connection_failed" || performance.now() - this.#renewedAt < TRUSTED)) throw error;
      const token = await this.#token(userId, { renew: true });
      this.#renewedAt = performance.now();
      return this.#send(route, parts, token);
    }
  }

  /**
   * @param {string | null} userId
   * @param {{renew: boolean}} options
   */
  async #token(userId, options) {
    const token = await this.#account.token(options);
    if (userId === null || userId === this.#account.userId) return token;
    throw new LeaderboardError("sign_in_required", { detail: "Another player is signed in.", status: 401 });
  }

  /**
   * @template {keyof Routes} R
   * @param {R} route
   * @param {Parts<R>} parts
   * @param {string} [token]
   * @returns {Promise<Routes[R]["answer"]>}
   */
  #send(route, { path, query = {}, body, signal, keepalive }, token) {
    const [method, pattern] = route.split(" ");
    const values = /** @type {Record<string, string>} */ (path);
    const filled = pattern.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(values[name]));
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    const search = given.length ? `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}` : "";
    /** @type {Record<string, string>} */
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return this.#requests.send({ url: this.#http + filled + search, method, headers, body, signal, keepalive });
  }
}

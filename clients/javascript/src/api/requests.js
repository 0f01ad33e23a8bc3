/*
 * Requests with JSON: the body of the answer, or a `LeaderboardError`.
 */

/** @import { ApiTiming } from "./timing.js" */

import { LeaderboardError, refusal } from "./errors.js";
import { pause, TRIES, waitAfter } from "./timing.js";

const UNREACHABLE =
  "could not be reached. Check the network. If it is up: check the address, and in a browser that this page's origin is in the " +
  "stage's `allowedOrigins` and that its content security policy allows the address.";

/**
 * @typedef {object} Request
 * @property {string} url
 * @property {string} [method]
 * @property {Record<string, string>} [headers]
 * @property {unknown} [body] is sent as JSON
 * @property {boolean} [keepalive] lets the request outlive the page
 * @property {AbortSignal | null} [signal]
 */

/** Sends requests, each with a timeout. @internal */
export class Requests {
  #fetch;
  #surroundings;

  /** @param {{fetch: typeof globalThis.fetch, timing: ApiTiming, random: () => number}} means */
  constructor({ fetch, timing, random }) {
    this.#fetch = fetch;
    this.#surroundings = { timing, random };
  }

  /**
   * Sends one request once.
   * @param {Request} request
   * @param {(response: Response, body: any) => LeaderboardError} [refused] makes the error of an answer that is not a success
   * @returns {Promise<any>} the answer's body; undefined if it has none. Rejected with a LeaderboardError, or with the reason of the
   *   caller's signal
   */
  async send({ url, method = "GET", headers = {}, body, keepalive = false, signal }, refused = refusal) {
    signal?.throwIfAborted();
    const controller = new AbortController();
    const abort = () => controller.abort(signal?.reason);
    signal?.addEventListener("abort", abort);
    const { timeout } = this.#surroundings.timing;
    const late = new LeaderboardError("timeout", { detail: `${url} did not answer within ${timeout / 1000} seconds.` });
    const timer = setTimeout(() => controller.abort(late), timeout);
    try {
      const response = await this.#fetch(url, {
        method,
        headers: body === undefined ? headers : { "content-type": "application/json", ...headers },
        body: body === undefined ? null : JSON.stringify(body),
        credentials: "omit",
        referrerPolicy: "no-referrer",
        keepalive,
        signal: controller.signal,
      });
      return read(url, response, { text: await response.text(), refused });
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (controller.signal.aborted) throw late;
      if (error instanceof LeaderboardError) throw error;
      throw new LeaderboardError("connection_failed", { detail: `${url} ${UNREACHABLE}`, cause: error });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }

  /**
   * Makes a call that may be repeated, and repeats it while that may help.
   * @template T
   * @param {(attempt: number) => Promise<T>} call the attempt counts from 0
   * @param {AbortSignal | null} [signal]
   * @returns {Promise<T>}
   */
  async repeat(call, signal) {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await call(attempt);
      } catch (error) {
        if (!(error instanceof LeaderboardError) || !error.temporary || attempt + 1 >= TRIES) throw error;
        if ((error.retryAfter ?? 0) * 1000 > this.#surroundings.timing.patience) throw error;
        await pause(waitAfter(this.#surroundings, { attempt, retryAfter: error.retryAfter }), signal);
      }
    }
  }
}

/**
 * @param {string} url
 * @param {Response} response
 * @param {{text: string, refused: (response: Response, body: any) => LeaderboardError}} answer
 */
function read(url, response, { text, refused }) {
  let body;
  try {
    body = text ? JSON.parse(text) : undefined;
  } catch (error) {
    if (!response.ok) throw refused(response, undefined);
    const detail = `What ${url} answered is not JSON. Check the address, and that no proxy or sign-in page of the network answers for it.`;
    throw new LeaderboardError("answer_unusable", { detail, status: response.status, cause: error });
  }
  if (!response.ok) throw refused(response, body);
  return body;
}

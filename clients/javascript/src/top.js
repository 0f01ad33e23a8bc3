/*
 * Reads a board's top over HTTP. An unchanged top costs only a 304. A browser's own cache sees to that, since a header of
 * ours would cost a preflight request each time; elsewhere this module remembers each ETag.
 */

/** @import { Snapshot } from "./frame.js" */
/** @import { Problem } from "./problems.js" */

import { parseTop } from "./frame.js";

const ORIGIN_REFUSED =
  "The service answers, but this page is not allowed to read the answer. The most likely cause: the page's origin is not in the " +
  "stage's `allowedOrigins`. Add it and deploy again. The client keeps trying.";

/**
 * A top, or why there is none: see `ReadFailed`.
 * @typedef {{top: Snapshot} | {problem?: Problem, retryAfter?: number, failure?: string}} Reading
 */

/**
 * Makes the function that reads the top of a board.
 * @param {{http: string, fetch: typeof globalThis.fetch, cached: boolean}} means `cached`: fetch has a cache of its own
 * @returns {(board: string, signal: AbortSignal) => Promise<Reading>} does not reject
 * @internal
 */
export function topReader({ http, fetch, cached }) {
  const base = http.replace(/\/+$/, "");
  /** @type {Map<string, {etag: string, top: Snapshot}>} */
  const known = new Map();
  /** Whether something was read already: then the page is allowed to read. */
  let readable = false;

  /**
   * Why a read failed. A browser does not say that a page may not read an answer, but whether an answer came to a request
   * that reads nothing.
   * @param {string} url
   * @param {AbortSignal} signal
   * @returns {Promise<Reading>}
   */
  async function unreadable(url, signal) {
    const failure = `${url} could not be reached`;
    if (!cached || readable) return { failure };
    try {
      await fetch(url, { signal, mode: "no-cors", cache: "no-store", credentials: "omit" });
    } catch {
      return { failure };
    }
    return { problem: { code: "origin_refused", message: ORIGIN_REFUSED } };
  }

  return async (board, signal) => {
    const last = cached ? undefined : known.get(board);
    const url = `${base}/boards/${board}/top`;
    /** @type {Response} */
    let response;
    try {
      response = await fetch(url, {
        signal,
        cache: "no-cache",
        credentials: "omit",
        headers: last ? { "If-None-Match": last.etag } : {},
      });
    } catch {
      return unreadable(url, signal);
    }
    readable = true;
    try {
      if (response.status === 304 && last) return { top: last.top };
      const body = await response.json();
      if (!response.ok) return refusal(response, { body, board, url });
      const top = parseTop(body, board);
      if (!top) return { failure: `What ${url} answered is not a board` };
      const etag = response.headers.get("ETag");
      if (etag) known.set(board, { etag, top });
      return { top };
    } catch {
      return { failure: `What ${url} answered (${response.status}) is not JSON` };
    }
  };
}

/**
 * Why a read was refused.
 * @param {Response} response
 * @param {{body: any, board: string, url: string}} details `body`: problem details, if the service itself wrote it
 * @returns {Reading}
 */
function refusal(response, { body, board, url }) {
  const retryAfter = Number(response.headers.get("Retry-After") ?? 0) * 1000 || 0;
  const { code, detail, title, requestId } = body ?? {};
  if (typeof code !== "string") return { retryAfter, failure: `${url} answered ${response.status}` };
  return { retryAfter, problem: { code, message: String(detail ?? title ?? code), board, requestId } };
}

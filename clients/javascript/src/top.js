/*
 * Reads a board's top over HTTP. An unchanged top costs only a 304. A browser's own cache sees to that, since a header of
 * ours would cost a preflight request each time; elsewhere this module remembers each ETag.
 */

/** @import { Snapshot } from "./frame.js" */
/** @import { Problem } from "./problems.js" */

const remedies = () => import("./remedies.js");

/**
 * Whether an answer that is not the service's means another site; a gateway that is busy or has lost its service gives such
 * answers, too.
 * @param {number} status
 */
const isForeign = (status) => status < 500 && ![408, 425, 429].includes(status);

/** A worker has no document, but a browser's fetch. */
const isBrowser = () => "document" in globalThis || "importScripts" in globalThis;

/**
 * A top, or why there is none: see `ReadFailed`.
 * @typedef {{top: Snapshot} | {problem?: Problem, retryAfter?: number, failure?: string, foreign?: boolean}} Reading
 */

/**
 * Makes the function that reads the top of a board.
 * @param {{http: string, fetch?: typeof globalThis.fetch, cached?: boolean, parseTop: typeof import("./frame.js").parseTop}} means
 *   `cached`: fetch has a cache of its own
 * @returns {(board: string, signal: AbortSignal) => Promise<Reading>} does not reject
 * @internal
 */
export function topReader({ http, parseTop, fetch = (...request) => globalThis.fetch(...request), cached = isBrowser() }) {
  const base = http.replace(/\/+$/, "");
  /** @type {Map<string, {etag: string, top: Snapshot}>} */
  const known = new Map();
  /** Whether something was read already: then the page is allowed to read. */
  let readable = false;

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
      return (await remedies()).unreadable(url, { fetch, signal, suspect: cached && !readable });
    }
    readable = true;
    const foreign = isForeign(response.status);
    try {
      if (response.status === 304 && last) return { top: last.top };
      const body = await response.json();
      if (!response.ok) return (await remedies()).refusal(response, { body, board, url, foreign });
      const top = parseTop(body, board);
      if (!top) return { foreign, failure: `What ${url} answered is not a board` };
      const etag = response.headers.get("ETag");
      if (etag) known.set(board, { etag, top });
      return { top };
    } catch (error) {
      // Another error: the connection ended in the middle of the answer.
      return { foreign: foreign && error instanceof SyntaxError, failure: `What ${url} answered (${response.status}) is not JSON` };
    }
  };
}

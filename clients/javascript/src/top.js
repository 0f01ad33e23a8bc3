/**
 * Reads a board's top over HTTP. An unchanged top costs a 304: in a browser its own cache sees to that (a header of ours
 * would cost a preflight request each time), elsewhere this module remembers the ETag.
 */

/** @typedef {import("./frame.js").Snapshot} Snapshot */
/** @typedef {import("./session.js").Problem} Problem */

import { parseTop } from "./frame.js";

/** @typedef {{top: Snapshot} | {problem?: Problem, retryAfter?: number}} Reading */

/**
 * @param {{http: string, fetch: typeof globalThis.fetch, cached: boolean}} means `cached`: fetch has a cache of its own
 * @returns {(board: string, signal: AbortSignal) => Promise<Reading>} does not reject
 */
export function topReader({ http, fetch, cached }) {
  const base = http.replace(/\/+$/, "");
  /** @type {Map<string, {etag: string, top: Snapshot}>} */
  const known = new Map();

  return async (board, signal) => {
    const last = cached ? undefined : known.get(board);
    try {
      const response = await fetch(`${base}/boards/${board}/top`, {
        signal,
        cache: "no-cache",
        credentials: "omit",
        headers: last ? { "If-None-Match": last.etag } : {},
      });
      if (response.status === 304 && last) return { top: last.top };
      const body = await response.json();
      if (!response.ok) return refusal(response, body, board);
      const top = parseTop(body, board);
      if (!top) return {};
      const etag = response.headers.get("ETag");
      if (etag) known.set(board, { etag, top });
      return { top };
    } catch {
      // No network, no answer in time, no JSON: all of them mean to try later.
      return {};
    }
  };
}

/**
 * @param {Response} response
 * @param {any} body problem details, if the service itself wrote it
 * @param {string} board
 * @returns {Reading}
 */
function refusal(response, body, board) {
  const retryAfter = Number(response.headers.get("Retry-After") ?? 0) * 1000 || 0;
  const { code, detail, title, requestId } = body ?? {};
  if (typeof code !== "string") return { retryAfter };
  return { retryAfter, problem: { code, message: String(detail ?? title ?? code), board, requestId } };
}

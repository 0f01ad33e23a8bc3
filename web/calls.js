/**
 * Calls over HTTP with JSON: the body of the answer, or a `Failure`.
 */

import { Failure } from "./failures.js";

/** Milliseconds. */
const TIMEOUT = 15_000;

/**
 * Makes one call. Throws a `Failure` if it is refused or gets no answer.
 * @param {string} url
 * @param {{method?: string, headers?: Record<string, string>, body?: unknown}} [request]
 * @returns {Promise<any>}
 */
export async function call(url, { method = "GET", headers = {}, body } = {}) {
  let response;
  let answer;
  try {
    response = await fetch(url, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "omit",
      referrerPolicy: "no-referrer",
      signal: AbortSignal.timeout(TIMEOUT),
    });
    answer = await response.text();
  } catch {
    throw new Failure("unreachable");
  }
  const parsed = parse(answer);
  if (response.ok) return parsed;
  throw failure(response, parsed);
}

/** @param {string} text */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/**
 * The service's own errors have a `code`, Cognito's a `__type`, the gateway's only a message.
 * @param {Response} response
 * @param {any} body
 */
function failure(response, body) {
  const code = body?.code ?? String(body?.__type ?? "").split("#").at(-1) ?? "";
  const detail = body?.errors?.[0]?.message ?? body?.detail ?? body?.message ?? "";
  return new Failure(code || `http_${response.status}`, {
    detail: String(detail),
    status: response.status,
    retryAfter: Number(response.headers.get("retry-after")) || 0,
  });
}

/**
 * The sentences that say to people what went wrong, by the error's code.
 */

import { LeaderboardError } from "./client/api/index.js";
import { hasText, text } from "./texts/index.js";

/** Codes that mean the same to a player. @type {Record<string, import("./texts/index.js").Key>} */
const SAME = {
  cache_unavailable: "failure.unavailable",
  timeout: "failure.connection_failed",
  sign_in_required: "failure.session_ended",
  limit_exceeded: "failure.manyAttempts",
  too_many_failed_attempts: "failure.manyAttempts",
  too_many_requests: "failure.manyAttempts",
};

/**
 * Whether an error has this code.
 * @param {unknown} error
 * @param {string} code
 * @returns {error is LeaderboardError}
 */
export function isCode(error, code) {
  return error instanceof LeaderboardError && error.code === code;
}

/**
 * What to say of an error, and what to do next.
 * @param {unknown} error
 * @returns {string} one sentence or two, for people
 */
export function sentence(error) {
  if (!(error instanceof LeaderboardError)) return text("failure.page");
  const { code, detail, errors, status, retryAfter } = error;
  if (code === "rate_limited" || status === 429) {
    return retryAfter ? text("failure.rate_limited", { count: retryAfter }) : text("failure.manyAttempts");
  }
  if (code === "invalid") return stated(errors[0]?.message ?? detail);
  // Nobody said that it is too late: there was no answer for as long as one could count.
  if (code === "ticket_expired" && status === 0) return text("failure.unconfirmed");
  const key = SAME[code] ?? `failure.${code}`;
  return hasText(key) ? text(key) : detail;
}

/**
 * Why an answer has to be sent again. The player only has to wait.
 * @param {LeaderboardError} error
 */
export function trouble({ code, status }) {
  const key = `trouble.${code === "timeout" ? "connection_failed" : code}`;
  return text(hasText(key) ? key : status === 429 ? "trouble.tooOften" : "trouble.busy");
}

/**
 * The service's reason as a sentence.
 * @param {string} reason
 */
function stated(reason) {
  const said = reason.replace(/^Value error, /, "").trim();
  return said ? `${said.charAt(0).toUpperCase()}${said.slice(1)}${/[.!?]$/.test(said) ? "" : "."}` : text("failure.invalid");
}

/**
 * What can go wrong, and the sentences that say it to people.
 */

import { hasText, text } from "./texts/index.js";

/** A call that was refused, or did not get through (`code: "unreachable"`). */
export class Failure extends Error {
  /**
   * @param {string} code Cognito's or the service's own
   * @param {{detail?: string, status?: number, retryAfter?: number}} [more] `retryAfter` in seconds
   */
  constructor(code, { detail = "", status = 0, retryAfter = 0 } = {}) {
    super(detail || code);
    this.code = code;
    this.detail = detail;
    this.status = status;
    this.retryAfter = retryAfter;
  }

  /** Whether the same call may work later. */
  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500 || this.code === "ticket_too_early";
  }
}

/** Codes that mean the same to a player. @type {Record<string, import("./texts/index.js").Key>} */
const SAME = {
  cache_unavailable: "failure.unavailable",
  LimitExceededException: "failure.manyAttempts",
  TooManyFailedAttemptsException: "failure.manyAttempts",
  TooManyRequestsException: "failure.manyAttempts",
};

/**
 * What to say of a failure, and what to do next.
 * @param {unknown} failure
 * @returns {string} one sentence or two, for people
 */
export function sentence(failure) {
  if (!(failure instanceof Failure)) return text("failure.page");
  const { code, detail, status, retryAfter } = failure;
  if (code === "NotAuthorizedException" && /attempts exceeded/i.test(detail)) return text("failure.manyAttempts");
  // The pool has no e-mail sender of its own, and Cognito's few e-mails of the day are used up: waiting minutes does not help.
  if (code === "LimitExceededException" && /daily email limit/i.test(detail)) return text("failure.manyEmails");
  if (code === "rate_limited" || status === 429) {
    return retryAfter > 0 ? text("failure.rate_limited", { count: retryAfter }) : text("failure.manyAttempts");
  }
  if (code === "invalid") return stated(detail);
  const key = SAME[code] ?? `failure.${code}`;
  return hasText(key) ? text(key) : detail || text("failure.other");
}

/**
 * Why an answer has to be sent again. The player only has to wait.
 * @param {Failure} failure
 */
export function trouble({ code, status }) {
  const key = `trouble.${code}`;
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

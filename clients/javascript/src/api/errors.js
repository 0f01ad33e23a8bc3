/*
 * What can go wrong with a call: one error with a stable `code`, whatever part refused it.
 */

/** @import { ErrorPlace, ServiceCode } from "./schemas.js" */

/**
 * No answer of the service: it cannot be reached; it took too long; the answer is somebody else's; nobody is signed in; the
 * session has ended; the gateway refuses the token, the scope or the route.
 * @typedef {"connection_failed" | "timeout" | "answer_unusable" | "sign_in_required" | "session_ended" | "unauthorized"
 *   | "forbidden" | "not_found"} CallCode
 */

/**
 * What the sign-in refuses with: the names of Cognito's exceptions, and what their sentences tell apart.
 * @typedef {"not_authorized" | "user_not_found" | "username_exists" | "invalid_password" | "invalid_parameter" | "code_mismatch"
 *   | "expired_code" | "code_delivery_failure" | "user_not_confirmed" | "already_confirmed" | "password_reset_required"
 *   | "limit_exceeded" | "too_many_failed_attempts" | "too_many_requests" | "email_limit" | "challenge" | "another_player"} AccountCode
 */

/** New codes may come with a later release of the service. @typedef {ServiceCode | CallCode | AccountCode | (string & {})} Code */

/**
 * @typedef {object} ErrorDetails
 * @property {string} [detail]
 * @property {number} [status]
 * @property {string | null} [requestId]
 * @property {number | null} [retryAfter]
 * @property {ErrorPlace[]} [errors]
 * @property {unknown} [cause]
 */

/** A call that was refused, or got no answer. */
export class LeaderboardError extends Error {
  /**
   * @param {Code} code
   * @param {ErrorDetails} [details]
   */
  constructor(code, { detail = code, status = 0, requestId = null, retryAfter = null, errors = [], cause } = {}) {
    super(detail, cause === undefined ? undefined : { cause });
    this.name = "LeaderboardError";
    /** Stable; programs go by it. */
    this.code = code;
    /** The HTTP status; 0 if there was no answer. */
    this.status = status;
    /** For people: what happened and what to do next. */
    this.detail = detail;
    /** The service's id of the request, or null. */
    this.requestId = requestId;
    /** Seconds to wait before the next try, or null if nobody said. */
    this.retryAfter = retryAfter;
    /** With the code `invalid`: which values were refused, and why. */
    this.errors = errors;
  }

  /** Whether the same call may succeed later. */
  get temporary() {
    return TEMPORARY.has(this.code) || this.status === 429 || this.status >= 500;
  }
}

const TEMPORARY = new Set([
  ...["connection_failed", "timeout", "ticket_too_early"],
  ...["limit_exceeded", "too_many_failed_attempts", "too_many_requests"],
]);

/** What the gateway answers by itself, by status. @type {Record<number, string>} */
const GATEWAY = {
  401: "unauthorized",
  403: "forbidden",
  404: "not_found",
  413: "body_too_large",
  429: "rate_limited",
  500: "internal",
  502: "unavailable",
  503: "unavailable",
  504: "unavailable",
};

/**
 * The error of an answer that the service or its gateway refused with.
 * @param {Response} response
 * @param {any} body what it holds as JSON; undefined if it is not JSON
 * @internal
 */
export function refusal(response, body) {
  const { status } = response;
  return new LeaderboardError(typeof body?.code === "string" ? body.code : (GATEWAY[status] ?? `http_${status}`), {
    detail: text(body?.detail) ?? text(body?.message) ?? `The service answered ${status}.`,
    status,
    requestId: text(body?.requestId) ?? response.headers.get("apigw-requestid"),
    retryAfter: Number(response.headers.get("retry-after")) || null,
    errors: Array.isArray(body?.errors) ? body.errors : [],
  });
}

/**
 * The error of an answer that Cognito refused with.
 * @param {Response} response
 * @param {any} body
 * @internal
 */
export function accountRefusal(response, body) {
  const exception = String(body?.__type ?? "").split("#").at(-1);
  if (!exception) return refusal(response, body);
  const detail = text(body.message) ?? text(body.Message) ?? exception;
  const requestId = response.headers.get("x-amzn-requestid");
  return new LeaderboardError(accountCode(exception, detail), { detail, status: response.status, requestId });
}

/**
 * The name of Cognito's exception as a code. It uses some for several things, and only the sentence tells them apart.
 * @param {string} exception
 * @param {string} detail
 * @returns {Code}
 */
function accountCode(exception, detail) {
  if (exception === "NotAuthorizedException" && /attempts exceeded/i.test(detail)) return "too_many_failed_attempts";
  if (exception === "NotAuthorizedException" && /status is confirmed/i.test(detail)) return "already_confirmed";
  if (exception === "LimitExceededException" && /daily email limit/i.test(detail)) return "email_limit";
  return exception
    .replace(/Exception$/, "")
    .replace(/\B[A-Z]/g, "_$&")
    .toLowerCase();
}

/** @param {unknown} value */
const text = (value) => (typeof value === "string" && value ? value : undefined);

import type { ErrorPlace, ServiceCode } from "./schemas.js";
export type CallCode = "connection_failed" | "timeout" | "answer_unusable" | "sign_in_required" | "session_ended" | "unauthorized" | "forbidden" | "not_found";
export type AccountCode = "not_authorized" | "user_not_found" | "username_exists" | "invalid_password" | "invalid_parameter" | "code_mismatch" | "expired_code" | "code_delivery_failure" | "user_not_confirmed" | "already_confirmed" | "password_reset_required" | "limit_exceeded" | "too_many_failed_attempts" | "too_many_requests" | "email_limit" | "challenge" | "another_player";
export type Code = ServiceCode | CallCode | AccountCode | (string & {});
export type ErrorDetails = {
    detail?: string;
    status?: number;
    requestId?: string | null;
    retryAfter?: number | null;
    errors?: ErrorPlace[];
    cause?: unknown;
};
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
export declare class LeaderboardError extends Error {
    /** Stable; programs go by it. */
    code: Code;
    /** The HTTP status; 0 if there was no answer. */
    status: number;
    /** For people: what happened and what to do next. */
    detail: string;
    /** The service's id of the request, or null. */
    requestId: string | null;
    /** Seconds to wait before the next try, or null if nobody said. */
    retryAfter: number | null;
    /** With the code `invalid`: which values were refused, and why. */
    errors: ErrorPlace[];
    /**
     * @param {Code} code
     * @param {ErrorDetails} [details]
     */
    constructor(code: Code, { detail, status, requestId, retryAfter, errors, cause }?: ErrorDetails);
    /** Whether the same call may succeed later. */
    get temporary(): boolean;
}

/**
 * What can go wrong, and the sentences that say it to people.
 */

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

const MANY_ATTEMPTS = "Too many attempts. Wait a few minutes, then try again.";
const MANY_EMAILS = "No more e-mails can be sent today. Try again tomorrow, or tell the people who run the game.";
const NOT_REACHED = "The service cannot be reached. Check your connection, then try again.";

/** @type {Record<string, string>} */
const SENTENCES = {
  unreachable: NOT_REACHED,
  unavailable: "The service is busy. Nothing was changed. Try again.",
  cache_unavailable: "The service is busy. Nothing was changed. Try again.",
  internal: "The service failed. Try again. If it fails again, tell the people who run the game.",
  judge_failed: "The service could not check your answer. Nothing was used up.",

  NotAuthorizedException: "The e-mail or the password is wrong.",
  UserNotFoundException: "There is no account with this e-mail.",
  UsernameExistsException: "There is an account with this e-mail already. Sign in instead.",
  InvalidPasswordException: "The password needs at least 10 characters, with a lower-case letter, an upper-case letter and a number.",
  CodeMismatchException: "This is not the code that was sent. Check it, or ask for a new one.",
  ExpiredCodeException: "This code has expired. Ask for a new one.",
  CodeDeliveryFailureException: "The code could not be sent to this address.",
  PasswordResetRequiredException: "This password was reset. Set a new one before you sign in.",
  LimitExceededException: MANY_ATTEMPTS,
  TooManyFailedAttemptsException: MANY_ATTEMPTS,
  TooManyRequestsException: MANY_ATTEMPTS,
  challenge: "This account needs another step to sign in, which this page cannot do.",

  session_ended: "You have been signed out, because your session ended. Sign in again.",
  sign_in_again: "You signed in more than 10 minutes ago. Enter your e-mail and your password, then delete the account.",
  another_player: "This is another player's sign-in. Enter the e-mail and the password of the account that you delete.",
  barred: "This player may not score here. Ask the people who run the game.",
  score_limit: "This would pass the highest score of this board. Your score stays as it is.",
  ticket_expired: "Too late: this attempt has expired. Start again.",
  ticket_invalid: "The service refused this attempt: it does not belong to you, to this board or to this game. Start again.",
  ticket_superseded: "You started or completed this somewhere else after this attempt, so this one no longer counts. Start again.",
  ticket_too_early: "Too early: the service does not count it yet.",
};

/**
 * What to say of a failure, and what to do next.
 * @param {unknown} failure
 * @returns {string} one sentence or two, for people
 */
export function sentence(failure) {
  if (!(failure instanceof Failure)) return "Something went wrong on this page. Reload it, then try again.";
  const { code, detail, status, retryAfter } = failure;
  if (code === "NotAuthorizedException" && /attempts exceeded/i.test(detail)) return MANY_ATTEMPTS;
  // The pool has no e-mail sender of its own, and Cognito's few e-mails of the day are used up: waiting minutes does not help.
  if (code === "LimitExceededException" && /daily email limit/i.test(detail)) return MANY_EMAILS;
  if (code === "rate_limited" || status === 429) {
    return retryAfter > 0 ? `That was too often. Nothing was used up. Try again in ${retryAfter === 1 ? "a second" : `${retryAfter} seconds`}.` : MANY_ATTEMPTS;
  }
  if (code === "invalid") return stated(detail);
  return SENTENCES[code] ?? (detail || "The service did not accept this. Try again.");
}

/**
 * Why an answer has to be sent again. The player only has to wait.
 * @param {Failure} failure
 */
export function trouble({ code, status }) {
  if (code === "unreachable") return "Connection lost.";
  if (code === "judge_failed") return "The service could not check your answer.";
  if (code === "ticket_too_early") return "Too early.";
  return status === 429 ? "That was too often." : "The service is busy.";
}

/**
 * The service's reason as a sentence.
 * @param {string} reason
 */
function stated(reason) {
  const said = reason.replace(/^Value error, /, "").trim();
  return said ? `${said.charAt(0).toUpperCase()}${said.slice(1)}${/[.!?]$/.test(said) ? "" : "."}` : "That is not valid. Check it.";
}

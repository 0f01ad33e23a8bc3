/*
 * Who plays: sign-up, sign-in, the session and a forgotten password, over Cognito's public API or by a token function of one's
 * own. A password is never stored.
 */

/** @import { Requests } from "./requests.js" */
/** @import { Storage } from "./storage.js" */
/** @import { ApiTiming } from "./timing.js" */

import { accountRefusal, LeaderboardError } from "./errors.js";
import { Sessions, subject } from "./sessions.js";

const NO_TOKEN = "Nobody is signed in: `token` gave no token, or the API was made without `cognito` and `token`.";

/** @typedef {(options: {renew: boolean}) => string | null | undefined | Promise<string | null | undefined>} TokenFunction */
/** @typedef {{signal?: AbortSignal | null}} CallOptions */

/** The player's account. A method rejects with a `LeaderboardError`. */
export class Account {
  #parts;
  #sessions;
  /** Who the last token of the token function is for. @type {string | null} */
  #tokenUser = null;
  /** @type {Promise<string> | null} */
  #renewal = null;

  /**
   * @param {{cognito: string | undefined, webClientId: string | undefined, token: TokenFunction | undefined, requests: Requests,
   *   storage: Storage, timing: ApiTiming, now: () => number, onPlayer: () => void}} parts `onPlayer`: somebody signed in or out
   * @internal
   */
  constructor(parts) {
    this.#parts = parts;
    const { cognito, webClientId, storage, now, onPlayer } = parts;
    this.#sessions = cognito === undefined ? null : new Sessions({ storage, key: `leaderboard:${webClientId}`, now, onPlayer });
  }

  /** The player's id; null if nobody is signed in. A token function's is known after its first token. */
  get userId() {
    return this.#sessions ? (this.#sessions.current?.userId ?? null) : this.#tokenUser;
  }

  /**
   * Makes an account, which is to be confirmed with the code that is sent.
   * @param {string} email
   * @param {string} password
   * @param {CallOptions} [options]
   */
  async signUp(email, password, options) {
    await this.#ask("SignUp", { Username: email, Password: password, UserAttributes: [{ Name: "email", Value: email }] }, options);
  }

  /**
   * Confirms an account with the code that was sent.
   * @param {string} email
   * @param {string} code
   * @param {CallOptions} [options]
   */
  async confirm(email, code, options) {
    try {
      await this.#ask("ConfirmSignUp", { Username: email, ConfirmationCode: code }, options);
    } catch (error) {
      // It was confirmed before, by a request whose answer was lost.
      if (!isCode(error, "already_confirmed")) throw error;
    }
  }

  /**
   * Sends a new code to confirm an account with.
   * @param {string} email
   * @param {CallOptions} [options]
   */
  async resend(email, options) {
    await this.#ask("ResendConfirmationCode", { Username: email }, options);
  }

  /**
   * Signs in.
   * @param {string} email
   * @param {string} password
   * @param {CallOptions & {userId?: string}} [options] `userId`: only this player; for somebody else it rejects with
   *   `another_player`, and nothing changes
   * @returns {Promise<{userId: string}>}
   */
  async signIn(email, password, { userId, ...options } = {}) {
    const parameters = { AuthFlow: "USER_PASSWORD_AUTH", AuthParameters: { USERNAME: email, PASSWORD: password } };
    const { AuthenticationResult: result } = await this.#ask("InitiateAuth", parameters, options);
    if (!result) throw new LeaderboardError("challenge", { detail: "This account needs another step to sign in.", status: 400 });
    if (userId !== undefined && subject(result.AccessToken) !== userId) {
      throw new LeaderboardError("another_player", { detail: "This is the sign-in of another player.", status: 403 });
    }
    const session = this.#sessions?.keep(result, "");
    this.#parts.onPlayer();
    return { userId: String(session?.userId) };
  }

  /** Signs out here, and ends the session at Cognito. It never rejects: the player is signed out here in any case. */
  async signOut() {
    const token = this.#sessions?.current?.refreshToken;
    this.#sessions?.forget();
    if (token) await this.#ask("RevokeToken", { Token: token }).catch(() => {});
  }

  /**
   * Sends a code to set a new password with.
   * @param {string} email
   * @param {CallOptions} [options]
   */
  async forgotPassword(email, options) {
    await this.#ask("ForgotPassword", { Username: email }, options);
  }

  /**
   * Sets a new password with the code that was sent. Sign in with it afterwards.
   * @param {string} email
   * @param {string} code
   * @param {string} password
   * @param {CallOptions} [options]
   */
  async resetPassword(email, code, password, options) {
    await this.#ask("ConfirmForgotPassword", { Username: email, ConfirmationCode: code, Password: password }, options);
  }

  /**
   * A valid access token. Rejects with `sign_in_required` if nobody is signed in, and with `session_ended` if the session cannot be
   * renewed any more.
   * @param {{renew?: boolean}} [options] `renew`: get a new one although the old one has not ended
   * @returns {Promise<string>}
   */
  async token({ renew = false } = {}) {
    if (!this.#sessions) return this.#ownToken(renew);
    const session = this.#sessions.current;
    if (!session) throw new LeaderboardError("sign_in_required", { detail: "Nobody is signed in. Sign in first.", status: 401 });
    if (!renew && this.#parts.now() < session.expiresAt - this.#parts.timing.renewBefore) return session.accessToken;
    this.#renewal ??= this.#renew(this.#sessions, session).finally(() => (this.#renewal = null));
    return this.#renewal;
  }

  /**
   * Stops listening to other tabs.
   * @internal
   */
  close() {
    this.#sessions?.close();
  }

  /** @param {boolean} renew */
  async #ownToken(renew) {
    const token = await this.#parts.token?.({ renew });
    this.#tokenUser = token ? subject(token) : null;
    if (!token) throw new LeaderboardError("sign_in_required", { detail: NO_TOKEN, status: 401 });
    return token;
  }

  /**
   * @param {Sessions} sessions
   * @param {import("./sessions.js").Session} session
   */
  async #renew(sessions, session) {
    let answer;
    try {
      answer = await this.#ask("InitiateAuth", { AuthFlow: "REFRESH_TOKEN_AUTH", AuthParameters: { REFRESH_TOKEN: session.refreshToken } });
    } catch (error) {
      if (!(error instanceof LeaderboardError) || error.temporary) throw error;
      // Another tab may have signed the same player in again meanwhile.
      sessions.reload();
      const newer = sessions.current;
      if (newer?.userId === session.userId && newer.refreshToken !== session.refreshToken) return newer.accessToken;
      if (newer?.userId === session.userId) sessions.forget();
      throw ended(error);
    }
    // Meanwhile the player signed out, or somebody else signed in.
    if (sessions.current?.userId !== session.userId) throw ended();
    return sessions.keep(answer.AuthenticationResult, session.refreshToken).accessToken;
  }

  /**
   * @param {string} operation
   * @param {Record<string, unknown>} parameters
   * @param {CallOptions} [options]
   * @returns {Promise<any>}
   */
  async #ask(operation, parameters, { signal } = {}) {
    const { cognito, webClientId, requests } = this.#parts;
    if (cognito === undefined) throw new TypeError("The methods of `account` need `cognito` and `webClientId`: give them to createApi.");
    return requests.send(
      {
        url: cognito,
        method: "POST",
        headers: {
          "content-type": "application/x-amz-json-1.1",
          "x-amz-target": `AWSCognitoIdentityProviderService.${operation}`,
        },
        body: { ClientId: webClientId, ...parameters },
        signal,
      },
      accountRefusal,
    );
  }
}

/** @param {unknown} [cause] */
function ended(cause) {
  return new LeaderboardError("session_ended", { detail: "The session has ended. Sign in again.", status: 401, cause });
}

/**
 * @param {unknown} error
 * @param {string} code
 */
function isCode(error, code) {
  return error instanceof LeaderboardError && error.code === code;
}

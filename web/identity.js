/**
 * Who plays: sign-up, sign-in, session and sign-out over Cognito's public API. The password is not stored. The session stays
 * in this browser until the player signs out.
 */

import { call } from "./calls.js";
import { Failure } from "./failures.js";

/** A token is renewed this long before it ends, in milliseconds. */
const MARGIN = 60_000;

/** @typedef {{userId: string, accessToken: string, refreshToken: string, expiresAt: number}} Session */

/** Who is signed in. The event `change` says that it is somebody else, or nobody. */
export class Identity extends EventTarget {
  #cognito;
  #webClientId;
  #key;
  /** @type {Session | null} */
  #session;
  /** @type {Promise<string> | null} */
  #renewal = null;

  /** @param {{cognito: string, webClientId: string}} configuration */
  constructor({ cognito, webClientId }) {
    super();
    this.#cognito = cognito;
    this.#webClientId = webClientId;
    this.#key = `leaderboard:${webClientId}`;
    this.#session = this.#stored();
    // Another tab signed in or out.
    addEventListener("storage", ({ key }) => {
      if (key !== this.#key && key !== null) return;
      const before = this.userId;
      this.#session = this.#stored();
      if (before !== this.userId) this.dispatchEvent(new Event("change"));
    });
  }

  /** The player's id; null if nobody is signed in. */
  get userId() {
    return this.#session?.userId ?? null;
  }

  /**
   * Makes an account, which is to be confirmed.
   * @param {string} email
   * @param {string} password
   */
  async signUp(email, password) {
    await this.#ask("SignUp", { Username: email, Password: password, UserAttributes: [{ Name: "email", Value: email }] });
  }

  /**
   * Confirms an account with the code that was sent.
   * @param {string} email
   * @param {string} code
   */
  async confirm(email, code) {
    await this.#ask("ConfirmSignUp", { Username: email, ConfirmationCode: code });
  }

  /**
   * Sends a new code.
   * @param {string} email
   */
  async resend(email) {
    await this.#ask("ResendConfirmationCode", { Username: email });
  }

  /**
   * Sends a code to set a new password with.
   * @param {string} email
   */
  async forget(email) {
    await this.#ask("ForgotPassword", { Username: email });
  }

  /**
   * Sets a new password with the code that was sent.
   * @param {string} email
   * @param {string} code
   * @param {string} password
   */
  async reset(email, code, password) {
    await this.#ask("ConfirmForgotPassword", { Username: email, ConfirmationCode: code, Password: password });
  }

  /**
   * Signs in.
   * @param {string} email
   * @param {string} password
   */
  async signIn(email, password) {
    this.#keep(await this.#authenticate(email, password), "");
    this.dispatchEvent(new Event("change"));
  }

  /**
   * Signs the same player in again. Throws `another_player` for the e-mail of somebody else.
   * @param {string} email
   * @param {string} password
   */
  async signInAgain(email, password) {
    const result = await this.#authenticate(email, password);
    if (subject(result.AccessToken) !== this.userId) throw new Failure("another_player", { status: 403 });
    this.#keep(result, "");
  }

  /**
   * @param {string} email
   * @param {string} password
   */
  async #authenticate(email, password) {
    const answer = await this.#ask("InitiateAuth", {
      AuthFlow: "USER_PASSWORD_AUTH",
      AuthParameters: { USERNAME: email, PASSWORD: password },
    });
    if (!answer.AuthenticationResult) throw new Failure("challenge", { status: 400 });
    return answer.AuthenticationResult;
  }

  /** Signs out here, and ends the session at Cognito. */
  async signOut() {
    const token = this.#session?.refreshToken;
    this.#forget();
    try {
      if (token) await this.#ask("RevokeToken", { Token: token });
    } catch {
      // The player is signed out here in any case. At Cognito the session ends by its age.
    }
  }

  /**
   * A valid access token. Throws `session_ended` if nobody is signed in any more.
   * @param {{renew?: boolean}} [options] `renew`: get a new one although the old one has not ended
   */
  async token({ renew = false } = {}) {
    const session = this.#session;
    if (!session) throw new Failure("session_ended", { status: 401 });
    if (!renew && Date.now() < session.expiresAt - MARGIN) return session.accessToken;
    this.#renewal ??= this.#renew(session).finally(() => (this.#renewal = null));
    return this.#renewal;
  }

  /** @param {Session} session */
  async #renew(session) {
    let answer;
    try {
      answer = await this.#ask("InitiateAuth", {
        AuthFlow: "REFRESH_TOKEN_AUTH",
        AuthParameters: { REFRESH_TOKEN: session.refreshToken },
      });
    } catch (failure) {
      if (!(failure instanceof Failure) || failure.passing) throw failure;
      this.#forget();
      throw new Failure("session_ended", { status: 401 });
    }
    // Meanwhile the player signed out, or somebody else signed in.
    if (this.#session?.userId !== session.userId) throw new Failure("session_ended", { status: 401 });
    return this.#keep(answer.AuthenticationResult, session.refreshToken).accessToken;
  }

  /**
   * @param {{AccessToken: string, ExpiresIn: number, RefreshToken?: string}} result
   * @param {string} refreshToken the old one, which stays valid if the result has none
   */
  #keep({ AccessToken, ExpiresIn, RefreshToken }, refreshToken) {
    this.#session = {
      userId: subject(AccessToken),
      accessToken: AccessToken,
      refreshToken: RefreshToken ?? refreshToken,
      expiresAt: Date.now() + ExpiresIn * 1000,
    };
    try {
      localStorage.setItem(this.#key, JSON.stringify(this.#session));
    } catch {
      // Without storage the session lives as long as the page.
    }
    return this.#session;
  }

  #forget() {
    if (!this.#session) return;
    this.#session = null;
    try {
      localStorage.removeItem(this.#key);
    } catch {
      // Then it was not stored either.
    }
    this.dispatchEvent(new Event("change"));
  }

  #stored() {
    try {
      const session = JSON.parse(localStorage.getItem(this.#key) ?? "null");
      return typeof session?.userId === "string" && typeof session.refreshToken === "string" ? session : null;
    } catch {
      return null;
    }
  }

  /**
   * @param {string} operation
   * @param {Record<string, unknown>} parameters
   */
  #ask(operation, parameters) {
    return call(this.#cognito, {
      method: "POST",
      headers: {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": `AWSCognitoIdentityProviderService.${operation}`,
      },
      body: { ClientId: this.#webClientId, ...parameters },
    });
  }
}

/**
 * The user's id in an access token. It is only for showing: the service itself checks the token.
 * @param {string} token
 */
function subject(token) {
  const payload = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  return String(JSON.parse(atob(payload)).sub);
}

/*
 * The session of the player who is signed in: where it is kept, and what its token says.
 */

/** @import { Storage } from "./storage.js" */

/** @typedef {{userId: string, accessToken: string, refreshToken: string, expiresAt: number}} Session */

/** The session of one browser, whose tabs share it. @internal */
export class Sessions {
  /** @type {Session | null} */
  current;
  #storage;
  #key;
  #onPlayer;
  #now;
  #unwatch;

  /**
   * @param {{storage: Storage, key: string, now: () => number, onPlayer: () => void}} parts `onPlayer`: somebody else is signed
   *   in, or nobody, or the same player again
   */
  constructor({ storage, key, now, onPlayer }) {
    this.#storage = storage;
    this.#key = key;
    this.#now = now;
    this.#onPlayer = onPlayer;
    this.current = this.#stored();
    // Another tab signed in or out, or renewed the token.
    this.#unwatch = storage.watch(key, () => this.reload());
  }

  /** Reads again what another tab may have written. */
  reload() {
    const before = this.current?.userId;
    this.current = this.#stored();
    if (before !== this.current?.userId) this.#onPlayer();
  }

  /**
   * Keeps what Cognito answered.
   * @param {{AccessToken: string, ExpiresIn: number, RefreshToken?: string}} result
   * @param {string} refreshToken the old one, which stays valid if the result has none
   * @returns {Session}
   */
  keep({ AccessToken, ExpiresIn, RefreshToken }, refreshToken) {
    const userId = String(subject(AccessToken));
    const expiresAt = this.#now() + ExpiresIn * 1000;
    const session = { userId, accessToken: AccessToken, refreshToken: RefreshToken ?? refreshToken, expiresAt };
    this.current = session;
    this.#storage.write(this.#key, session);
    return session;
  }

  /** Forgets who is signed in. */
  forget() {
    if (!this.current) return;
    this.current = null;
    this.#storage.write(this.#key, undefined);
    this.#onPlayer();
  }

  /** Stops listening to other tabs. */
  close() {
    this.#unwatch();
  }

  /** @returns {Session | null} */
  #stored() {
    const session = this.#storage.read(this.#key);
    return typeof session?.userId === "string" && typeof session.refreshToken === "string" ? session : null;
  }
}

/**
 * The user's id in an access token. It is for showing and for sorting: the service itself checks the token.
 * @param {string} token
 * @returns {string | null} null if it says nothing
 * @internal
 */
export function subject(token) {
  try {
    return String(JSON.parse(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"))).sub);
  } catch {
    return null;
  }
}

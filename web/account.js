/**
 * The forms of the account: signing up, confirming, signing in, the name, signing out.
 */

/** @typedef {import("./client/api/index.js").Api} Api */

import { LeaderboardError } from "./client/api/index.js";
import { find, tell, write } from "./elements.js";
import { isCode, sentence } from "./failures.js";
import { text } from "./texts/index.js";

const FORMS = ["sign-in", "sign-up", "confirm", "forgotten", "reset"];

/** The part of the page where players sign in and pick a name. */
export class Account {
  #api;
  #anyCode;
  #onPlayer;
  /** @type {{email: string, password: string} | null} whose e-mail is to be confirmed */
  #pending = null;
  /** Whose password is to be set. */
  #forgetful = "";
  #userName = "";
  /** @type {number | undefined} */
  #again;
  /** Counts the reads of the scores: an answer that another one has overtaken is not shown. */
  #reads = 0;

  /**
   * @param {{api: Api, anyCode: boolean, onPlayer: (player: import("./client/api/index.js").OwnScores | null) => void}} parts
   */
  constructor({ api, anyCode, onPlayer }) {
    this.#api = api;
    this.#anyCode = anyCode;
    this.#onPlayer = onPlayer;
    this.#on("sign-in", (form) => this.#signIn(value(form, "email"), value(form, "password")));
    this.#on("sign-up", (form) => this.#signUp(value(form, "email"), value(form, "password")));
    this.#on("confirm", (form) => this.#confirm(value(form, "code")));
    this.#on("forgotten", (form) => this.#forget(value(form, "email")));
    this.#on("reset", (form) => this.#reset(value(form, "code"), value(form, "newPassword")));
    this.#on("naming", (form) => this.#rename(value(form, "userName")));
    for (const button of document.querySelectorAll("[data-show]")) {
      button.addEventListener("click", () => this.#turn(String(/** @type {HTMLElement} */ (button).dataset.show)));
    }
    find("resend").addEventListener("click", () => this.#attempt("confirm", () => this.#resend()));
    find("sign-out").addEventListener("click", () => {
      this.say(text("account.signedOut"));
      void api.account.signOut();
    });
  }

  /**
   * Shows a message to everybody, not only to screen readers.
   * @param {string} message what just happened
   */
  say(message) {
    write(find("message"), message);
  }

  /**
   * Takes the error of a call, which may mean that the session has ended.
   * @param {unknown} error
   */
  fail(error) {
    if (isCode(error, "session_ended")) this.say(sentence(error));
  }

  /** Shows what fits who is signed in. */
  async enter() {
    const { userId } = this.#api.account;
    const hadFocus = find("play").contains(document.activeElement);
    find("visitor").hidden = userId !== null;
    find("player").hidden = userId === null;
    write(find("account"), userId === null ? text("signIn.link") : this.#userName || text("account.yours"));
    if (userId === null) {
      this.#userName = "";
      /** @type {HTMLFormElement} */ (find("naming")).reset();
      this.#onPlayer(null);
      this.#turn("sign-in", { focus: false });
      if (hadFocus) find("play").focus();
      return;
    }
    for (const form of document.querySelectorAll("#visitor form")) /** @type {HTMLFormElement} */ (form).reset();
    this.#pending = null;
    if (hadFocus) find("play").focus();
    await this.refresh();
  }

  /** Reads the player's name and scores. */
  async refresh() {
    clearTimeout(this.#again);
    const { userId } = this.#api.account;
    if (userId === null) return;
    const read = ++this.#reads;
    const isOver = () => this.#api.account.userId !== userId || read !== this.#reads;
    try {
      const player = await this.#api.scores();
      if (isOver()) return;
      this.#call(player.userName);
      const unnamed = /^player-[0-9a-f]{6}$/.test(player.userName);
      if (unnamed) this.say(text("account.welcome"));
      this.#onPlayer(player);
    } catch (error) {
      this.fail(error);
      if (isOver()) return;
      this.say(sentence(error));
      this.#again = setTimeout(() => this.refresh(), 5_000);
    }
  }

  /** @param {string} userName */
  #call(userName) {
    const field = /** @type {HTMLInputElement} */ (find("name"));
    // Never overwrite what somebody is typing.
    if (document.activeElement !== field && (field.value === this.#userName || field.value === "")) field.value = userName;
    this.#userName = userName;
    write(find("account"), userName);
  }

  /**
   * @param {string} email
   * @param {string} password
   */
  async #signUp(email, password) {
    await this.#api.account.signUp(email, password);
    this.#await(email, password);
  }

  /**
   * @param {string} email
   * @param {string} password
   */
  async #signIn(email, password) {
    try {
      await this.#api.account.signIn(email, password);
      this.say(text("signIn.done"));
    } catch (error) {
      if (!isCode(error, "user_not_confirmed")) throw error;
      this.#await(email, password);
    }
  }

  /**
   * @param {string} email
   * @param {string} password
   */
  #await(email, password) {
    this.#pending = { email, password };
    write(find("confirm-text"), text(this.#anyCode ? "confirm.anyCode" : "confirm.sent", { email }));
    this.#turn("confirm");
  }

  /** @param {string} code */
  async #confirm(code) {
    if (!this.#pending) return this.#turn("sign-in");
    const { email, password } = this.#pending;
    await this.#api.account.confirm(email, code);
    await this.#api.account.signIn(email, password);
  }

  /** @param {string} email */
  async #forget(email) {
    try {
      await this.#api.account.forgotPassword(email);
    } catch (error) {
      // Nobody learns here who has an account.
      if (!isCode(error, "user_not_found")) throw error;
    }
    this.#forgetful = email;
    write(find("reset-text"), text(this.#anyCode ? "confirm.anyCode" : "reset.sent", { email }));
    this.#turn("reset");
  }

  /**
   * @param {string} code
   * @param {string} password
   */
  async #reset(code, password) {
    const email = this.#forgetful;
    try {
      await this.#api.account.resetPassword(email, code, password);
    } catch (error) {
      if (isCode(error, "user_not_found")) throw new LeaderboardError("code_mismatch", { status: 400 });
      throw error;
    }
    await this.#api.account.signIn(email, password);
    this.say(text("reset.done"));
  }

  async #resend() {
    if (!this.#pending) return;
    await this.#api.account.resend(this.#pending.email);
    this.say(text(this.#anyCode ? "confirm.noMail" : "confirm.sentAgain"));
  }

  /** @param {string} userName */
  async #rename(userName) {
    const player = await this.#api.rename(userName);
    /** @type {HTMLInputElement} */ (find("name")).value = player.userName;
    this.#call(player.userName);
    this.say(text("account.saved", { name: player.userName }));
    this.#onRename?.(player.userName);
  }

  /** @type {((userName: string) => void) | undefined} */
  #onRename;

  /**
   * Calls the listener when the player has another name.
   * @param {(userName: string) => void} listener
   */
  onRename(listener) {
    this.#onRename = listener;
  }

  /**
   * @param {string} shown
   * @param {{focus?: boolean}} [options]
   */
  #turn(shown, { focus = true } = {}) {
    const email = FORMS.map((id) => /** @type {HTMLInputElement | null} */ (find(id).querySelector("[name=email]"))?.value).find(Boolean);
    for (const id of FORMS) {
      const form = find(id);
      form.hidden = id !== shown;
      const field = /** @type {HTMLInputElement | null} */ (form.querySelector("[name=email]"));
      if (field && !field.value && email) field.value = email;
      tell(/** @type {HTMLElement} */ (form.querySelector(".failure")), null);
    }
    if (!focus) return;
    this.say("");
    /** @type {HTMLInputElement} */ (find(shown).querySelector("input:placeholder-shown, input")).focus();
  }

  /**
   * @param {string} id
   * @param {(form: HTMLFormElement) => Promise<void>} submit
   */
  #on(id, submit) {
    find(id).addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#attempt(id, () => submit(/** @type {HTMLFormElement} */ (event.currentTarget ?? find(id))));
    });
  }

  /**
   * Submits a form, once at a time. An error is shown in the form.
   * @param {string} id
   * @param {() => Promise<void>} attempt
   */
  async #attempt(id, attempt) {
    const form = find(id);
    if (form.getAttribute("aria-busy") === "true") return;
    const failed = /** @type {HTMLElement} */ (form.querySelector(".failure"));
    form.setAttribute("aria-busy", "true");
    tell(failed, null);
    try {
      await attempt();
    } catch (error) {
      tell(failed, sentence(error));
      this.fail(error);
    } finally {
      form.removeAttribute("aria-busy");
    }
  }
}

/**
 * @param {HTMLFormElement} form
 * @param {string} name
 */
function value(form, name) {
  const filled = String(new FormData(form).get(name) ?? "");
  return /password$/i.test(name) ? filled : filled.trim();
}

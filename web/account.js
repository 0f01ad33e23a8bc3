/**
 * The forms of the account: signing up, confirming, signing in, the name, signing out.
 */

/** @typedef {import("./identity.js").Identity} Identity */
/** @typedef {import("./service.js").Service} Service */

import { find, tell, write } from "./elements.js";
import { Failure, sentence } from "./failures.js";
import { text } from "./texts/index.js";

const FORMS = ["sign-in", "sign-up", "confirm", "forgotten", "reset"];

/** The part of the page where players sign in and pick a name. */
export class Account {
  #identity;
  #service;
  #anyCode;
  #onPlayer;
  /** @type {{email: string, password: string} | null} whose e-mail is to be confirmed */
  #pending = null;
  /** Whose password is to be set. */
  #forgetful = "";
  #userName = "";
  /** @type {number | undefined} */
  #again;

  /**
   * @param {{identity: Identity, service: Service, anyCode: boolean,
   *   onPlayer: (player: Awaited<ReturnType<Service["own"]>> | null) => void}} parts
   */
  constructor({ identity, service, anyCode, onPlayer }) {
    this.#identity = identity;
    this.#service = service;
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
      void identity.signOut();
    });
    identity.addEventListener("change", () => this.#enter());
  }

  /** Shows what fits who is signed in. */
  start() {
    this.#enter();
  }

  /**
   * Shows a message to everybody, not only to screen readers.
   * @param {string} message what just happened
   */
  say(message) {
    write(find("message"), message);
  }

  /**
   * Takes the failure of a call, which may mean that the session has ended.
   * @param {unknown} failure
   */
  fail(failure) {
    if (failure instanceof Failure && failure.code === "session_ended") this.say(sentence(failure));
  }

  async #enter() {
    clearTimeout(this.#again);
    const { userId } = this.#identity;
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
    await this.#meet(userId);
  }

  /** @param {string} userId */
  async #meet(userId) {
    try {
      const player = await this.#service.own();
      if (this.#identity.userId !== userId) return;
      this.#call(player.userName);
      const unnamed = /^player-[0-9a-f]{6}$/.test(player.userName);
      if (unnamed) this.say(text("account.welcome"));
      this.#onPlayer(player);
    } catch (failure) {
      this.fail(failure);
      if (this.#identity.userId !== userId) return;
      this.say(sentence(failure));
      this.#again = setTimeout(() => this.#meet(userId), 5_000);
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
    await this.#identity.signUp(email, password);
    this.#await(email, password);
  }

  /**
   * @param {string} email
   * @param {string} password
   */
  async #signIn(email, password) {
    try {
      await this.#identity.signIn(email, password);
      this.say(text("signIn.done"));
    } catch (failure) {
      if (!(failure instanceof Failure) || failure.code !== "UserNotConfirmedException") throw failure;
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
    try {
      await this.#identity.confirm(email, code);
    } catch (failure) {
      // It was confirmed before, by a request whose answer was lost.
      if (!(failure instanceof Failure) || failure.code !== "NotAuthorizedException") throw failure;
    }
    await this.#identity.signIn(email, password);
  }

  /** @param {string} email */
  async #forget(email) {
    try {
      await this.#identity.forget(email);
    } catch (failure) {
      // Nobody learns here who has an account.
      if (!(failure instanceof Failure) || failure.code !== "UserNotFoundException") throw failure;
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
      await this.#identity.reset(email, code, password);
    } catch (failure) {
      if (failure instanceof Failure && failure.code === "UserNotFoundException") throw new Failure("CodeMismatchException", { status: 400 });
      throw failure;
    }
    await this.#identity.signIn(email, password);
    this.say(text("reset.done"));
  }

  async #resend() {
    if (!this.#pending) return;
    await this.#identity.resend(this.#pending.email);
    this.say(text(this.#anyCode ? "confirm.noMail" : "confirm.sentAgain"));
  }

  /** @param {string} userName */
  async #rename(userName) {
    const player = await this.#service.rename(userName);
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
   * Submits a form, once at a time. A failure is shown in the form.
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
    } catch (failure) {
      tell(failed, sentence(failure));
      this.fail(failure);
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

/**
 * Deleting the account. The player confirms it, and signs in again where the service wants a fresh sign-in.
 */

import { find, tell } from "./elements.js";
import { isCode, sentence } from "./failures.js";
import { text } from "./texts/index.js";

/** The form that deletes the account. */
export class AccountDeletion {
  #api;
  #account;
  #form = /** @type {HTMLFormElement} */ (find("leaving"));
  /** E-mail and password. Disabled, so that they need not be filled in, until the service asks for them. */
  #again = /** @type {HTMLFieldSetElement} */ (find("again"));
  #failed = /** @type {HTMLElement} */ (this.#form.querySelector(".failure"));

  /** @param {{api: import("./client/api/index.js").Api, account: import("./account.js").Account}} parts */
  constructor({ api, account }) {
    this.#api = api;
    this.#account = account;
    find("leave").addEventListener("click", () => this.#show(find("leaving").hidden === true));
    find("stay").addEventListener("click", () => {
      this.#show(false);
      find("leave").focus();
    });
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#attempt();
    });
  }

  /** Closes the form, since it is another player's. */
  close() {
    this.#show(false);
  }

  /** @param {boolean} shown */
  #show(shown) {
    this.#form.hidden = !shown;
    find("leave").setAttribute("aria-expanded", String(shown));
    this.#form.reset();
    this.#ask(false);
    tell(this.#failed, null);
    if (shown) find("stay").focus();
  }

  /** @param {boolean} asked whether the e-mail and the password are asked for */
  #ask(asked) {
    this.#again.hidden = this.#again.disabled = !asked;
    if (asked) /** @type {HTMLInputElement} */ (this.#again.querySelector("input:placeholder-shown, input")).focus();
  }

  async #attempt() {
    if (this.#form.getAttribute("aria-busy") === "true") return;
    this.#form.setAttribute("aria-busy", "true");
    tell(this.#failed, null);
    try {
      if (!this.#again.disabled) {
        const filled = new FormData(this.#form);
        const userId = this.#api.account.userId ?? undefined;
        await this.#api.account.signIn(String(filled.get("email")).trim(), String(filled.get("password")), { userId });
      }
      await this.#api.deleteAccount();
      this.#account.say(text("leave.done"));
    } catch (error) {
      if (isCode(error, "sign_in_again")) this.#ask(true);
      tell(this.#failed, sentence(error));
      this.#account.fail(error);
    } finally {
      this.#form.removeAttribute("aria-busy");
    }
  }
}

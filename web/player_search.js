/**
 * The search for players: a field that lists those whose names begin with what is typed. A combobox, as ARIA describes it: the
 * arrows go through the list, Enter takes a player, Escape closes the list.
 */

/** @typedef {{userId: string, userName: string}} Player */

import { find, make, tell } from "./elements.js";
import { sentence } from "./failures.js";
import { text } from "./texts/index.js";

/** How long typing pauses before the service is asked, in milliseconds. */
const PAUSE = 250;

/** The field and its list. */
export class PlayerSearch {
  #search;
  #onChoice;
  #field = /** @type {HTMLInputElement} */ (find("search-name"));
  #list = find("search-found");
  #said = find("search-said");
  /** @type {readonly Player[]} */
  #players = [];
  #active = -1;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** Counts the searches: an answer that another one has overtaken is not shown. */
  #searches = 0;

  /**
   * @param {{search: (name: string) => Promise<readonly Player[]>, onChoice: (player: Player) => void}} parts `search` gives the first
   *   players whose names begin so
   */
  constructor({ search, onChoice }) {
    this.#search = search;
    this.#onChoice = onChoice;
    this.#field.addEventListener("input", (event) => {
      this.#close();
      // What an input method is still composing is no text yet.
      if (!(/** @type {InputEvent} */ (event).isComposing)) this.#wait();
    });
    this.#field.addEventListener("compositionend", () => this.#wait());
    this.#field.addEventListener("keydown", (event) => this.#press(event));
    this.#field.addEventListener("blur", () => this.#close());
    // The field keeps the focus, so that the list stays until the click is over.
    this.#list.addEventListener("mousedown", (event) => event.preventDefault());
  }

  #wait() {
    clearTimeout(this.#timer);
    const number = ++this.#searches;
    tell(this.#said, null);
    const name = this.#field.value.trim();
    if (name) this.#timer = setTimeout(() => this.#ask(name, number), PAUSE);
  }

  /**
   * @param {string} name
   * @param {number} number of this search
   */
  async #ask(name, number) {
    /** @type {readonly Player[]} */
    let players = [];
    let said = null;
    try {
      players = await this.#search(name);
      if (players.length === 0) said = text("search.nobody", { name });
    } catch (failure) {
      // No name begins so: with a mark alone, say.
      said = /** @type {{code?: string}} */ (failure).code === "invalid" ? text("search.nobody", { name }) : sentence(failure);
    }
    if (number !== this.#searches) return;
    this.#said.classList.remove("unseen");
    tell(this.#said, said);
    if (players.length > 0 && document.activeElement === this.#field) this.#open(players);
  }

  /** @param {readonly Player[]} players */
  #open(players) {
    this.#players = players;
    const names = players.map(({ userName }) => userName);
    const options = players.map((player, at) => {
      const isOnlyOne = names.indexOf(player.userName) === names.lastIndexOf(player.userName);
      const option = make("li", { role: "option", id: `search-found-${at}`, "aria-selected": "false", click: () => this.#choose(player) }, make("bdi", {}, player.userName));
      if (!isOnlyOne) option.append(" ", make("bdi", { class: "id" }, player.userId));
      return option;
    });
    this.#list.replaceChildren(...options);
    this.#list.hidden = false;
    this.#field.setAttribute("aria-expanded", "true");
    // Who sees the list sees how many they are.
    this.#said.classList.add("unseen");
    tell(this.#said, text("search.found", { count: players.length }));
  }

  #close() {
    this.#move(-1);
    this.#list.hidden = true;
    this.#field.setAttribute("aria-expanded", "false");
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    if (event.isComposing || this.#list.hidden) return;
    const last = this.#players.length - 1;
    if (event.key === "ArrowDown") this.#move(this.#active === last ? 0 : this.#active + 1);
    else if (event.key === "ArrowUp") this.#move(this.#active <= 0 ? last : this.#active - 1);
    else if (event.key === "Enter") this.#choose(this.#players[Math.max(this.#active, 0)]);
    else if (event.key === "Escape") this.#close();
    else return;
    event.preventDefault();
  }

  /** @param {number} place of the player in the list who is pointed at; -1: nobody */
  #move(place) {
    this.#active = place;
    const options = [...this.#list.children];
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === place)));
    options[place]?.scrollIntoView({ block: "nearest" });
    if (place < 0) this.#field.removeAttribute("aria-activedescendant");
    else this.#field.setAttribute("aria-activedescendant", options[place].id);
  }

  /** @param {Player} player */
  #choose(player) {
    this.#close();
    tell(this.#said, null);
    this.#field.value = player.userName;
    this.#onChoice(player);
  }
}

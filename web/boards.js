/**
 * The list of boards, and which one is shown. The page's address names it.
 */

/** @typedef {import("./rules.js").Rules} Rules */

import { find, make, write } from "./elements.js";
import { matches, rulesOf, titleOf } from "./rules.js";
import { text } from "./texts/index.js";

/** The navigation between boards. */
export class Boards {
  /** @type {Rules[]} */
  #rules = [];
  /** @type {string[]} */
  #named;
  #onChoice;
  #list = find("boards");

  /**
   * @param {{named: string[], onChoice: (board: string) => void}} parts `named`: boards of patterns
   */
  constructor({ named, onChoice }) {
    this.#named = named;
    this.#onChoice = onChoice;
    addEventListener("popstate", () => this.#choose());
    this.#list.addEventListener("click", (event) => {
      const link = /** @type {Element} */ (event.target).closest("a");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      history.pushState(null, "", link.href);
      this.#choose();
    });
    find("pattern").addEventListener("submit", (event) => {
      event.preventDefault();
      const field = /** @type {HTMLInputElement} */ (find("pattern-board"));
      const board = `${find("pattern-prefix").textContent}${field.value.trim().toLowerCase()}`;
      history.pushState(null, "", address(board));
      this.#choose();
    });
  }

  /**
   * Takes the list of boards.
   * @param {Rules[]} rules
   */
  show(rules) {
    this.#rules = rules;
    this.#choose();
  }

  /** The board that the address names, or the first one. */
  get chosen() {
    return new URLSearchParams(location.search).get("board") ?? this.#rules[0]?.board ?? null;
  }

  /**
   * The rules of a board.
   * @param {string} board
   */
  rules(board) {
    return rulesOf(this.#rules, board);
  }

  /**
   * The title of a board.
   * @param {string} board
   */
  title(board) {
    return titleOf(this.#rules, board);
  }

  #choose() {
    const { chosen } = this;
    if (!chosen) return;
    const known = this.#rules.flatMap(({ board }) => (board.includes("*") ? [...this.#named.filter((it) => matches(board, it)), board] : [board]));
    if (!known.includes(chosen)) known.push(chosen);
    const had = this.#list.contains(document.activeElement) ? document.activeElement?.getAttribute("href") : null;
    this.#list.replaceChildren(
      ...known.map((board) =>
        make(
          "li",
          {},
          make("a", { href: address(board), ...(board === chosen ? { "aria-current": "page" } : {}) }, board.includes("*") ? text("board.morePattern", { title: this.title(board) }) : this.title(board)),
        ),
      ),
    );
    const links = [...this.#list.querySelectorAll("a")];
    links.find((link) => link.getAttribute("href") === had)?.focus();
    const current = links.find((link) => link.hasAttribute("aria-current"));
    if (current) this.#bringIntoView(current);
    this.#ask(chosen);
    this.#onChoice(chosen);
  }

  /**
   * Scrolls the list only as far as a link needs. `scrollIntoView` would also move the point from
   * which Tab goes on, past the links that skip the list (Chrome 150).
   * @param {HTMLElement} link
   */
  #bringIntoView(link) {
    const [own, list] = [link.getBoundingClientRect(), this.#list.getBoundingClientRect()];
    this.#list.scrollLeft += Math.min(0, own.left - list.left) + Math.max(0, own.right - list.right);
  }

  /**
   * A pattern is not a board: the page asks which one of its boards to show.
   * @param {string} chosen
   */
  #ask(chosen) {
    const isPattern = chosen.includes("*");
    find("pattern").hidden = !isPattern;
    if (!isPattern) return;
    write(find("pattern-prefix"), chosen.split("*")[0]);
    write(find("pattern-label"), text("board.whichOne"));
  }
}

/**
 * The page's address with another board, in the language that was asked for.
 * @param {string} board
 */
function address(board) {
  const lang = new URLSearchParams(location.search).get("lang");
  return `?board=${encodeURIComponent(board)}${lang ? `&lang=${encodeURIComponent(lang)}` : ""}`;
}

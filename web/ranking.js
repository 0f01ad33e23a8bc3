/**
 * The whole ranking of a season, page by page, in place of the live board. The page's address names it, so that it can be
 * shared and left by going back.
 */

/** @typedef {import("./client/index.js").Entry} Entry */
/** @typedef {import("./rules.js").Rules} Rules */

import { find, tell, write } from "./elements.js";
import { isCode, sentence } from "./failures.js";
import { text } from "./texts/index.js";
import { amount, seasonName } from "./words.js";
import { boardWords } from "./board_words.js";

/** How many are on a page. */
const LIMIT = 50;

/** How long a line that is jumped to is tinted, in milliseconds. */
const POINTED = 3000;

/** The ranking that is open, if one is. */
export class Ranking {
  #api;
  #onMove;
  #table = /** @type {import("./client/element.js").LiveLeaderboard} */ (find("ranking-table"));
  #picker = /** @type {HTMLSelectElement} */ (find("season-picker"));
  #board = "";
  /** @type {Rules | undefined} */
  #rules;
  #season = "";
  /** @type {string | null} */
  #own = null;
  /** The cursors of the pages before this one; null is the first page's. @type {(string | null)[]} */
  #before = [];
  /** @type {string | null} */
  #cursor = null;
  /** @type {string | null} */
  #next = null;
  #shown = "";
  /** Whether the live board is only the top of the ranking. */
  #more = false;
  /** Counts the reads: an answer that another one has overtaken is not shown. */
  #reads = 0;

  /** @param {{api: import("./client/api/index.js").Api, onMove: () => void}} parts `onMove`: the address is another one */
  constructor({ api, onMove }) {
    this.#api = api;
    this.#onMove = onMove;
    this.#picker.addEventListener("change", () => {
      const past = this.#picker.value !== this.#picker.options[0].value;
      this.#go(past || this.isOpen ? { view: "ranking", season: this.#picker.value } : {});
    });
    for (const id of ["whole", "ranking-live", "season-end-whole"]) {
      find(id).addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        history.pushState(null, "", /** @type {HTMLAnchorElement} */ (event.currentTarget).href);
        this.#onMove();
      });
    }
    find("ranking-next").addEventListener("click", () => this.#turn([...this.#before, this.#cursor], this.#next));
    find("ranking-previous").addEventListener("click", () => this.#turn(this.#before.slice(0, -1), this.#before.at(-1) ?? null));
    find("ranking-first").addEventListener("click", () => this.#turn([], null));
    find("ranking-mine").addEventListener("click", () => this.#jump(/** @type {string} */ (this.#own), text("ranking.notMine")));
  }

  /** Whether the address asks for it. */
  get isOpen() {
    return new URLSearchParams(location.search).get("view") === "ranking";
  }

  /**
   * Another board is shown, or its rules are known.
   * @param {string} board
   * @param {Rules | undefined} rules
   */
  show(board, rules) {
    this.#board = board;
    this.#rules = rules;
    const seasons = rules?.seasons ?? [];
    const asked = new URLSearchParams(location.search).get("season");
    this.#season = asked && /^[\w-]{1,20}$/.test(asked) ? asked : (rules?.season?.season ?? seasons[0] ?? "");
    this.#offer(seasons);
    const open = this.isOpen && rules !== undefined;
    find("board").classList.toggle("is-ranking", open);
    find("ranking").hidden = !open;
    // The live board has one voice, the announcer's.
    find("ranking-said").role = open ? "status" : null;
    const links = { whole: { board, view: "ranking" }, "ranking-live": { board } };
    for (const [id, where] of Object.entries(links)) /** @type {HTMLAnchorElement} */ (find(id)).href = `?${new URLSearchParams(where)}`;
    this.#link();
    const shown = open ? JSON.stringify([board, this.#season]) : "";
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#table.snapshot = null;
    if (open) this.#turn([], null);
  }

  /**
   * Leads from the live board to the whole ranking, where that has more.
   * @param {import("./client/index.js").Board | null} live
   */
  beside(live) {
    this.#more = live !== null && live.total > live.entries.length;
    this.#link();
  }

  #link() {
    find("whole").hidden = this.isOpen || !this.#more;
  }

  /**
   * Marks the player, who can jump to the own entry.
   * @param {string | null} userId
   */
  own(userId) {
    this.#own = userId;
    find("ranking-mine").hidden = userId === null;
    if (userId === null) this.#table.removeAttribute("own");
    else this.#table.setAttribute("own", userId);
  }

  /** @param {readonly string[]} seasons newest first */
  #offer(seasons) {
    this.#picker.hidden = seasons.length < 2;
    const current = this.#rules?.season?.season;
    const options = seasons.map((season) => {
      const name = season === current ? text("seasons.current", { season: seasonName(season) }) : seasonName(season);
      return new Option(name, season);
    });
    if (options.map(({ value }) => value).join() !== [...this.#picker.options].map(({ value }) => value).join()) this.#picker.replaceChildren(...options);
    this.#picker.value = this.isOpen ? this.#season : (seasons[0] ?? "");
  }

  /** @param {Record<string, string>} where */
  #go(where) {
    history.pushState(null, "", `?${new URLSearchParams({ board: this.#board, ...where })}`);
    this.#onMove();
  }

  /**
   * @param {(string | null)[]} before
   * @param {string | null} cursor
   */
  async #turn(before, cursor) {
    const pages = this.#api.pages(this.#board, { season: this.#season, cursor: cursor ?? undefined, limit: LIMIT });
    const page = (await this.#read(() => pages.next()))?.value;
    if (!page) return;
    this.#before = before;
    this.#cursor = cursor;
    this.#next = page.nextCursor;
    this.#write(page);
  }

  /**
   * Brings a player's line into sight, and says its place.
   * @param {{userId: string, userName: string}} player
   */
  async goTo({ userId, userName }) {
    const around = await this.#jump(userId, text("search.notHere", { name: userName }));
    if (!around) return;
    const { place } = around.entry;
    const said = place ? text("search.place", { name: userName, place, total: around.total }) : text("search.rank", { name: userName });
    tell(find("ranking-said"), said);
  }

  /**
   * @param {string} userId
   * @param {string} notRanked what is said where there is no entry
   */
  async #jump(userId, notRanked) {
    const around = await this.#read(() => this.#api.user(this.#board, userId, { season: this.#season, around: LIMIT / 2 }), notRanked);
    if (!around) return null;
    // From the middle of the ranking no page leads on: the cursors belong to pages.
    this.#before = [null];
    this.#next = null;
    this.#write({ entries: around.around, total: around.total });
    const at = around.around.findIndex((entry) => entry.userId === userId);
    requestAnimationFrame(() => requestAnimationFrame(() => this.#point(at)));
    return around;
  }

  /** @param {number} at the number of the line */
  #point(at) {
    const line = this.#table.shadowRoot?.querySelectorAll("tbody tr")[at];
    line?.scrollIntoView({ block: "center" });
    // From this colour to its own.
    line?.animate([{ backgroundColor: getComputedStyle(document.documentElement).getPropertyValue("--flash") }, {}], POINTED);
  }

  /**
   * Reads something, and says why it cannot. Null if it cannot, or if something else is read since.
   * @template T
   * @param {() => Promise<T>} read
   * @param {string} [notRanked] what is said of somebody who has no entry
   * @returns {Promise<T | null>}
   */
  async #read(read, notRanked) {
    const number = ++this.#reads;
    const said = find("ranking-said");
    tell(said, text("ranking.reading"));
    try {
      const answer = await read();
      if (number !== this.#reads) return null;
      tell(said, null);
      return answer;
    } catch (error) {
      if (number !== this.#reads) return null;
      tell(said, notRanked && isCode(error, "user_not_ranked") ? notRanked : sentence(error));
      return null;
    }
  }

  /** @param {{entries: Entry[], total: number}} page */
  #write({ entries, total }) {
    const format = this.#rules?.format;
    this.#table.words = boardWords(format);
    this.#table.formatScore = (score) => amount(score, format);
    this.#table.setAttribute("label", `${find("board-title").textContent}: ${seasonName(this.#season)}`);
    this.#table.snapshot = { board: this.#board, season: this.#season, epoch: null, version: 0, total, endsAt: null, since: null, entries, publishedAt: null, scoredAt: null };
    const [from, to] = [entries[0]?.rank, entries.at(-1)?.rank];
    write(find("ranking-part"), from && to ? text("ranking.part", { from, to, total }) : "");
    if (entries.length === 0) tell(find("ranking-said"), text("ranking.empty"));
    find("ranking-next").hidden = this.#next === null;
    find("ranking-previous").hidden = this.#before.length < 2 && this.#before[0] === undefined;
    find("ranking-first").hidden = this.#before.length === 0;
  }
}

/**
 * The status of the board that is shown: whether it is live, since when it is not, and how old it is.
 */

/** @typedef {import("./client/index.js").Board} Board */
/** @typedef {import("./client/index.js").Status} Status */

import { find, make, tell, write } from "./elements.js";
import { ago, timeOfDay } from "./words.js";

/** A trouble that is over sooner is not worth a warning, in milliseconds. */
const WARN_AFTER = 1_500;

/** What a warning says happened, and what comes next. @type {Partial<Record<Status["state"], [string, string]>>} */
const WARNINGS = {
  offline: ["You are offline.", "It continues when the network is back."],
  reconnecting: ["Connection lost.", "Reconnecting."],
  live: ["No answer for this board yet.", "Trying again."],
};

/**
 * The text of the pill at the top of the page.
 * @param {Status} status
 * @param {number} now the viewer's clock
 */
function stateText({ state, retryAt, staleSince }, now) {
  const wait = retryAt ? Math.ceil((retryAt.getTime() - now) / 1000) : 0;
  switch (state) {
    case "live":
      return staleSince ? "Catching up…" : "Live";
    case "polling":
      return "Not live, refreshing";
    case "offline":
      return "You are offline";
    case "paused":
      return "Paused";
    case "idle":
      return "Not following";
    case "reconnecting":
      return wait > 1 ? `Reconnecting in ${wait} s` : "Reconnecting…";
    default:
      return "Connecting…";
  }
}

/** Writes the status, and keeps it up to date while time passes. */
export class BoardStatus {
  /** @type {Status | null} */
  #status = null;
  /** @type {Board | null} */
  #board = null;
  /** When this page noticed the trouble, which may have begun earlier. */
  #troubledAt = Infinity;
  #warned = false;
  #leaderboard;
  #announcer;
  #pill = find("connection");
  #stale = find("stale");
  #freshness = find("freshness");
  #published = make("time");
  #scored = make("time");

  /**
   * @param {import("./client/index.js").Leaderboard} leaderboard
   * @param {import("./announcer.js").Announcer} announcer
   */
  constructor(leaderboard, announcer) {
    this.#leaderboard = leaderboard;
    this.#announcer = announcer;
    leaderboard.on("status", (status) => this.#take(status));
    this.#take(leaderboard.status);
    setInterval(() => this.#write(), 500);
  }

  /**
   * Another board, or another state of it, is shown.
   * @param {Board | null} board
   */
  show(board) {
    this.#board = board;
    this.#write();
  }

  /** @param {Status} status */
  #take(status) {
    this.#status = status;
    this.#write();
  }

  #write() {
    const status = /** @type {Status} */ (this.#status);
    const now = Date.now();
    const fresh = status.state === "live" && !status.staleSince;
    this.#pill.dataset.state = fresh ? "live" : status.state === "live" ? "catching-up" : status.state;
    write(find("connection-text"), stateText(status, now));
    this.#warn(status, now);
    this.#date(status, now);
  }

  /**
   * @param {Status} status
   * @param {number} now
   */
  #warn({ state, staleSince }, now) {
    const down = state === "offline" || state === "reconnecting" || (state === "live" && staleSince !== null);
    this.#troubledAt = down ? Math.min(this.#troubledAt, now) : Infinity;
    const troubled = now - this.#troubledAt > WARN_AFTER;
    find("board").classList.toggle("is-stale", troubled);
    const [reason, next] = WARNINGS[state] ?? ["", ""];
    const held = this.#board && staleSince ? `Showing the board as of ${timeOfDay(staleSince.getTime())}. ` : "";
    tell(this.#stale, troubled ? `${reason} ${held}${next}` : null);
    if (troubled && !this.#warned) this.#announcer.say(`${reason} The board may be out of date.`);
    if (!troubled && this.#warned && state === "live") this.#announcer.say("The board is live again.");
    this.#warned = troubled || (this.#warned && state !== "live");
  }

  /**
   * @param {Status} status
   * @param {number} now
   */
  #date(status, now) {
    const board = this.#board;
    if (!board || board.version === 0) return this.#freshness.replaceChildren();
    const ahead = this.#leaderboard.now() - now;
    /**
     * @param {HTMLElement} element
     * @param {string} text
     */
    const date = (element, text) => {
      const time = Date.parse(text) - ahead;
      element.setAttribute("datetime", text);
      element.title = timeOfDay(time);
      write(element, ago(now - time));
      return element;
    };
    /** @type {(string | Node)[]} */
    const parts = [];
    if (board.scoredAt) parts.push("Newest score ", date(this.#scored, board.scoredAt));
    if (board.publishedAt) parts.push(" · published ", date(this.#published, board.publishedAt));
    else parts.push(" · read over HTTP");
    parts.push(` · version ${board.version}`);
    const text = parts.map((part) => (typeof part === "string" ? part : part.textContent)).join("");
    if (this.#freshness.textContent !== text || !this.#freshness.contains(this.#scored)) this.#freshness.replaceChildren(...parts);
  }
}

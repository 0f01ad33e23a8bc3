/**
 * The status of the board that is shown: whether it is live, since when it is not, and how old it is.
 */

/** @typedef {import("./client/index.js").Board} Board */
/** @typedef {import("./client/index.js").Status} Status */
/** @typedef {import("./texts/index.js").Key} Key */

import { find, make, tell, write } from "./elements.js";
import { stateOf } from "./state.js";
import { text } from "./texts/index.js";
import { ago, timeOfDay } from "./words.js";

/** A trouble that is over sooner is not worth a warning, in milliseconds. */
const WARN_AFTER = 1_500;

/** What a warning says happened, and what comes next. @type {Partial<Record<Status["state"], [Key, Key]>>} */
const WARNINGS = {
  offline: ["stale.offline", "stale.offlineNext"],
  reconnecting: ["stale.lost", "stale.lostNext"],
  live: ["stale.silent", "stale.silentNext"],
};

/** How soon a change is shown. Without a connection, nothing is promised. @type {Partial<Record<Status["state"], Key>>} */
const PACES = { live: "freshness.live", polling: "freshness.read" };

/**
 * The text of the pill at the top of the page.
 * @param {Status} status
 * @param {number} now the viewer's clock
 */
function stateText(status, now) {
  const { state, retryAt } = status;
  const wait = retryAt ? Math.ceil((retryAt.getTime() - now) / 1000) : 0;
  return state === "reconnecting" && wait > 1 ? text("status.reconnectingIn", { seconds: wait }) : text(stateOf(status).key);
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
    const [reason, next] = (WARNINGS[state] ?? []).map((key) => text(key));
    const held = this.#board && staleSince ? [text("stale.asOf", { time: timeOfDay(staleSince.getTime()) })] : [];
    tell(this.#stale, troubled ? [reason, ...held, next].join(" ") : null);
    if (troubled && !this.#warned) this.#announcer.say(text("stale.spoken", { reason }));
    if (!troubled && this.#warned && state === "live") this.#announcer.say(text("stale.over"));
    this.#warned = troubled || (this.#warned && state !== "live");
  }

  /**
   * @param {Status} status
   * @param {number} now
   */
  #date({ state }, now) {
    const board = this.#board;
    if (!board || board.version === 0) return this.#freshness.replaceChildren();
    /** @type {(string | Node)[]} */
    const parts = [];
    if (board.scoredAt) {
      const time = Date.parse(board.scoredAt) - (this.#leaderboard.now() - now);
      this.#scored.setAttribute("datetime", board.scoredAt);
      this.#scored.title = timeOfDay(time);
      write(this.#scored, ago(now - time));
      const [before, after] = text("freshness.scored", { ago: "\n" }).split("\n");
      parts.push(before, this.#scored, after);
    }
    const pace = PACES[state];
    if (pace) parts.push(...(parts.length ? [" · "] : []), text(pace));
    const shown = parts.map((part) => (typeof part === "string" ? part : part.textContent)).join("");
    if (this.#freshness.textContent !== shown || !this.#freshness.contains(this.#scored)) this.#freshness.replaceChildren(...parts);
  }
}

/*
 * `<live-leaderboard board="global" http="https://…" socket="wss://…">`: a live board without a framework.
 *
 * Elements with the same addresses share one client, so one socket. An element that leaves the page gives its share
 * back, and with the last one the client is closed.
 */

/** @import { Board, Changes } from "./board.js" */
/** @import { Entry } from "./frame.js" */
/** @import { Leaderboard } from "./leaderboard.js" */
/** @import { Words } from "./element_words.js" */

import { BoardView } from "./element_view.js";
import { words } from "./element_words.js";
import { createLeaderboard } from "./leaderboard.js";

const ADDRESSES =
  '<live-leaderboard> needs the attributes `board` and `http`, `socket` or both, e.g. <live-leaderboard board="global" ' +
  'http="https://…" socket="wss://…">.';

/** What is shown as it is has no troubles. @type {import("./status.js").Status} */
const AT_REST = Object.freeze({ state: "idle", staleSince: null, attempt: 0, retryAt: null, problems: [] });

/** What knows how scores are written, once it is needed and loaded; null where that failed. @type {typeof import("./element_rules.js") | null | undefined} */
let formats;

/** The clients in use, by their addresses. @type {Map<string, {leaderboard: Leaderboard, users: number}>} */
const shared = new Map();

/**
 * A share in the client of these addresses.
 * @param {string | undefined} http
 * @param {string | undefined} socket
 * @returns {{leaderboard: Leaderboard, release: () => void}}
 */
function share(http, socket) {
  const key = JSON.stringify([http, socket]);
  const client = shared.get(key) ?? { leaderboard: createLeaderboard({ http, socket }), users: 0 };
  shared.set(key, client);
  client.users += 1;
  const release = () => {
    client.users -= 1;
    if (client.users > 0) return;
    shared.delete(key);
    client.leaderboard.close();
  };
  return { leaderboard: client.leaderboard, release };
}

// A server that imports this module has no elements.
const Base = globalThis.HTMLElement ?? /** @type {typeof HTMLElement} */ (class {});

/**
 * The element. Attributes: `board`, `http`, `socket`, and `label`, the title of the table (else the board's id); `order`,
 * "asc" where lower scores are better; `format`, `decimals` and `unit`, how scores are written; `own`, the viewer's user id, whose line is marked; `bars`, for bars behind the
 * lines; `quiet`, where the page itself says how things stand. It dispatches `change`, whose `detail` is `{board, changes}`.
 */
export class LiveLeaderboard extends Base {
  static observedAttributes = ["board", "http", "socket", "label", "lang", "order", "format", "decimals", "unit", "own", "bars", "quiet"];

  /** @type {BoardView | null} */
  #view = null;
  /** @type {(() => void) | null} */
  #leave = null;
  #followed = "";
  /** @type {Leaderboard | null} */
  #followedOwn = null;
  #planned = false;
  #learning = false;
  /** @type {Leaderboard | null} */
  #own = null;
  /** @type {Board | null} */
  #snapshot = null;
  /** @type {Leaderboard | null} */
  #current = null;
  /** @type {Partial<Words>} */
  #words = {};
  /** @type {((score: number, entry: Entry) => string) | undefined} */
  #formatScore;

  /** A client of the page's own, in place of `http` and `socket`. @returns {Leaderboard | null} */
  get leaderboard() {
    return this.#current ?? this.#own;
  }

  set leaderboard(leaderboard) {
    this.#own = leaderboard;
    this.#plan();
  }

  /** A board to show as it is, in place of following one: a past season, or a page of a ranking. @returns {Board | null} */
  get snapshot() {
    return this.#snapshot;
  }

  set snapshot(board) {
    this.#snapshot = board;
    this.#plan();
  }

  /** What the element says, in another language or other words. @returns {Partial<Words>} */
  get words() {
    return this.#words;
  }

  set words(own) {
    this.#words = own;
    this.#redraw();
  }

  /** How a score is written; unless given, by the attribute `format`, or as the service says at `http`. */
  get formatScore() {
    return this.#formatScore;
  }

  set formatScore(format) {
    this.#formatScore = format;
    this.#redraw();
  }

  /** @internal */
  connectedCallback() {
    this.#view ??= new BoardView(this.shadowRoot ?? this.attachShadow({ mode: "open" }));
    this.#plan();
  }

  /** @internal */
  disconnectedCallback() {
    this.#plan();
  }

  /** @internal */
  attributeChangedCallback() {
    this.#plan();
  }

  /** Follows what the attributes say, once for all changes of a moment: a frame that moves an element takes it off first. */
  #plan() {
    if (this.#planned) return;
    this.#planned = true;
    queueMicrotask(() => {
      this.#planned = false;
      this.#follow();
    });
  }

  #follow() {
    if (this.isConnected) this.#learn();
    if (this.#snapshot) return this.#showSnapshot(this.#snapshot);
    const [board, http, socket] = ["board", "http", "socket"].map((name) => this.getAttribute(name) ?? undefined);
    const wanted = this.isConnected ? JSON.stringify([board, http, socket]) : "";
    const own = this.#own;
    if (wanted === this.#followed && own === this.#followedOwn) return this.#redraw();
    this.#followed = wanted;
    this.#followedOwn = own;
    this.#leave?.();
    this.#leave = this.#current = null;
    if (!wanted) return;
    this.#view?.clear();
    // A page that speaks itself gives it a board or a snapshot when it has one.
    if (!board && this.hasAttribute("quiet")) return this.#view?.tell("", AT_REST, this.#manner());
    if (!board || !(own || http || socket)) return console.warn(`leaderboard-client: ${ADDRESSES}`);
    const { leaderboard, release } = own ? { leaderboard: own, release: () => {} } : share(http, socket);
    this.#current = leaderboard;
    const offBoard = leaderboard.subscribe(board, (shown, changes) => this.#show(shown, changes));
    const offStatus = leaderboard.on("status", () => this.#draw());
    this.#leave = () => {
      offBoard();
      offStatus();
      release();
    };
    this.#draw();
  }

  /** @param {Board} board */
  #showSnapshot(board) {
    this.#leave?.();
    this.#leave = this.#current = null;
    this.#followed = "";
    // Nothing moves from one page to the next.
    this.#view?.clear();
    this.#paint(board);
    this.#view?.tell("", AT_REST, this.#manner());
  }

  /**
   * @param {Board} board
   * @param {Changes} changes
   */
  #show(board, changes) {
    this.#learn();
    this.#paint(board);
    this.#draw();
    this.dispatchEvent(new CustomEvent("change", { detail: { board, changes } }));
  }

  #redraw() {
    const board = this.#snapshot ?? this.#current?.board(this.getAttribute("board") ?? "");
    if (board) this.#paint(board);
    this.#draw();
  }

  /** Whether scores are written by an attribute, or as the service says. */
  get #isTold() {
    return !this.#formatScore && formats !== null && (this.hasAttribute("http") || this.hasAttribute("format"));
  }

  /**
   * Reads how the board's scores are written, where the page does not say it.
   * @returns {Promise<void>}
   */
  async #learn() {
    if (!this.#isTold || this.#learning) return;
    this.#learning = true;
    const known = this.#told();
    // Without it scores are plain numbers.
    formats ??= await import("./element_rules.js").catch(() => null);
    await formats?.learn(this);
    this.#learning = false;
    const now = this.#told();
    // The address is another one meanwhile.
    if (!now) return this.#learn();
    if (now.formatScore !== known?.formatScore || now.order !== known?.order || !known) this.#redraw();
  }

  /** How the board's scores are written, and their order; undefined while that is still to be read. */
  #told() {
    return this.#isTold ? formats?.mannerOf(this, this.#locale) : {};
  }

  /** @param {Board} board */
  #paint(board) {
    // A time that is shown as a plain number for a moment would be wrong.
    if (this.#told()) this.#view?.show(board, this.#manner());
  }

  #draw() {
    if (this.#current) this.#view?.tell(this.getAttribute("board") ?? "", this.#current.status, this.#manner());
  }

  get #locale() {
    return localeOf(this.closest("[lang]")?.getAttribute("lang"));
  }

  #manner() {
    const told = this.#told();
    const label = this.getAttribute("label") ?? this.getAttribute("board") ?? "";
    return {
      label,
      locale: this.#locale,
      words: { ...words, ...this.#words },
      formatScore: this.#formatScore ?? told?.formatScore,
      order: /** @type {"asc" | "desc"} */ ((this.getAttribute("order") ?? told?.order) === "asc" ? "asc" : "desc"),
      own: this.getAttribute("own"),
      bars: this.hasAttribute("bars"),
      quiet: this.hasAttribute("quiet"),
    };
  }
}

/** @param {string | null | undefined} lang whatever a page has written there */
function localeOf(lang) {
  try {
    return lang ? Intl.getCanonicalLocales(lang)[0] : undefined;
  } catch {
    return undefined;
  }
}

if (globalThis.customElements && !customElements.get("live-leaderboard")) customElements.define("live-leaderboard", LiveLeaderboard);

/**
 * The wall: boards as large as the screen allows, side by side or in turn, with a code to join and the day's high points.
 * Nobody touches it for days: it keeps nothing that grows, and comes back from every loss by itself.
 */

/** @typedef {import("../rules.js").Rules} Rules */

import { createApi } from "../client/api/index.js";
import { createLeaderboard } from "../client/index.js";
import { dress } from "../dress.js";
import { make, tell, write } from "../elements.js";
import { readAtLast, readConfiguration } from "../reading.js";
import { stateOf } from "../state.js";
import { text } from "../texts/index.js";
import { clockTime, timeOfDay } from "../words.js";
import { arrangement } from "./arrangement.js";
import { HighPoints } from "./high_points.js";
import { joinCode } from "./join_code.js";
import { Panel } from "./panel.js";
import { stayAwake } from "./wake_lock.js";

/** How long each group of boards is shown where not all fit, in milliseconds. */
const TURN = 20_000;
const TICK = 1_000;
/** How often the boards' rules are read again: a title may change while the wall hangs, in milliseconds. */
const RULES_INTERVAL = 3_600_000;
const MOST_BOARDS = 24;

/** The view. */
class Wall {
  #state = make("p", { class: "state", "data-state": "connecting" });
  #notice = make("p", { class: "notice", role: "status", hidden: true });
  #clock = make("p", { class: "clock", "aria-hidden": "true" });
  #grid = make("main", { class: "panels" }, make("h1", { class: "unseen" }, text("wall.wall")));
  #highPoints = new HighPoints();
  /** @type {Panel[]} */
  #panels = [];
  #perTurn = 1;
  #turn = 0;
  /** @type {import("../client/index.js").Leaderboard | null} */
  #leaderboard = null;
  #names;

  /** @param {string[]} names of the boards */
  constructor(names) {
    this.#names = names;
    const side = make("aside", { class: "side" }, make("div", { class: "top" }, this.#state, this.#clock), this.#highPoints.element, joinCode(names[0]));
    document.body.replaceChildren(make("div", { class: "wall" }, this.#grid, side, this.#notice));
    if (names.length === 0) tell(this.#notice, text("wall.noBoards", { example: "?view=wall&boards=global,weekly" }));
    this.#tick();
    setInterval(() => this.#tick(), TICK);
  }

  /** Follows the boards, for good. */
  async start() {
    const configuration = await readConfiguration((trouble) => tell(this.#notice, trouble));
    const leaderboard = createLeaderboard({ http: configuration.http, socket: configuration.socket });
    this.#leaderboard = leaderboard;
    const api = createApi({ http: configuration.http, storage: null });
    this.#panels = this.#names.map((name) => new Panel(name, api, leaderboard, this.#highPoints));
    this.#grid.append(...this.#panels.map(({ element }) => element));
    new ResizeObserver(() => this.#arrange()).observe(this.#grid);
    setInterval(() => this.#show(this.#turn + 1), TURN);
    this.#tick();
    const read = () => api.boards();
    this.#rule(await readAtLast(read, () => {}));
    setInterval(() => read().then((rules) => this.#rule(rules), () => {}), RULES_INTERVAL);
  }

  /** @param {Rules[]} rules */
  #rule(rules) {
    for (const panel of this.#panels) panel.rule(rules);
    this.#arrange();
  }

  /** Puts as many boards side by side as can be read from afar. */
  #arrange() {
    const { clientWidth: width, clientHeight: height } = this.#grid;
    const { columns, perTurn } = arrangement(this.#panels.map(({ lines }) => lines), { width, height });
    this.#grid.style.setProperty("--columns", String(columns));
    this.#perTurn = perTurn;
    this.#show(this.#turn);
  }

  /** @param {number} turn counts on for ever; a board whose season ends just now comes first */
  #show(turn) {
    const turns = Math.max(1, Math.ceil(this.#panels.length / this.#perTurn));
    const ending = this.#panels.findIndex(({ isEnding }) => isEnding);
    this.#turn = ending === -1 ? turn % turns : Math.floor(ending / this.#perTurn);
    const first = this.#turn * this.#perTurn;
    this.#panels.forEach((panel, index) => (panel.element.hidden = index < first || index >= first + this.#perTurn));
  }

  #tick() {
    write(this.#clock, clockTime(Date.now()));
    this.#highPoints.pass(new Date());
    if (!this.#leaderboard) return write(this.#state, text("status.connecting"));
    const { status } = this.#leaderboard;
    const { name, key } = stateOf(status);
    this.#state.dataset.state = name;
    const since = name === "live" || !status.staleSince ? "" : ` ${text("stale.asOf", { time: timeOfDay(status.staleSince.getTime()) })}`;
    write(this.#state, text(key) + since);
    document.body.classList.toggle("is-stale", status.staleSince !== null && Date.now() - status.staleSince.getTime() > 10_000);
    for (const panel of this.#panels) panel.tick(this.#leaderboard);
    this.#show(this.#turn);
  }
}

/** The boards that the address names, each once. */
function namedBoards() {
  const asked = new URLSearchParams(location.search).get("boards") ?? "";
  return [...new Set(asked.split(",").map((it) => it.trim()))].filter((it) => /^[a-z0-9-]{1,48}$/.test(it)).slice(0, MOST_BOARDS);
}

await dress("./wall/wall.css", "on-wall");
stayAwake();
void new Wall(namedBoards()).start();

/**
 * The board for a frame in somebody else's page: its title, its top, and the way to the leaderboard. Nobody signs in here, and
 * nothing is stored: a page around it could lead a click astray, and many browsers give a frame no storage.
 */

/** @typedef {import("../client/index.js").Board} Board */
/** @typedef {import("../rules.js").Rules} Rules */

import { boardWords } from "../board_words.js";
import { createApi } from "../client/api/index.js";
import "../client/element.js";
import { createLeaderboard } from "../client/index.js";
import { dress } from "../dress.js";
import { make, tell, write } from "../elements.js";
import { readAtLast, readConfiguration } from "../reading.js";
import { rulesOf, titleOf } from "../rules.js";
import { stateOf } from "../state.js";
import { spokenLocale, text } from "../texts/index.js";
import { amount, timeOfDay } from "../words.js";

const TICK = 1_000;

const title = make("h1");
const state = make("p", { class: "state", "data-state": "connecting" }, text("status.connecting"));
const notice = make("p", { class: "notice", hidden: true });
const live = /** @type {import("../client/element.js").LiveLeaderboard} */ (make("live-leaderboard", { quiet: true, lang: spokenLocale, hidden: true }));
const link = make("a", { target: "_blank", rel: "noopener", href: "./" }, text("embed.open"));

/**
 * Shows a board, and what its rules say of it.
 * @param {string} board
 * @param {Rules[]} all
 */
function rule(board, all) {
  const rules = rulesOf(all, board);
  write(title, titleOf(all, board));
  document.title = text("page.titleOf", { board: titleOf(all, board) });
  live.setAttribute("label", titleOf(all, board));
  live.setAttribute("order", rules?.order ?? "desc");
  live.words = boardWords(rules?.format);
  live.formatScore = (score) => amount(score, rules?.format);
}

/**
 * Says how things stand.
 * @param {import("../client/index.js").Leaderboard} leaderboard
 * @param {string} board
 */
function report(leaderboard, board) {
  const { status } = leaderboard;
  const { name, key } = stateOf(status);
  state.dataset.state = name;
  write(state, text(key));
  const unknown = status.problems.some((it) => it.code === "board_not_found" && it.board === board);
  const held = leaderboard.board(board);
  const stale = status.staleSince && held && name !== "live" ? text("stale.asOf", { time: timeOfDay(status.staleSince.getTime()) }) : null;
  live.hidden = unknown || !held;
  tell(notice, unknown ? text("board.unknown") : held?.entries.length === 0 ? text("board.empty") : stale);
}

await dress("./embed/embed.css", "in-frame");
document.body.replaceChildren(make("main", { class: "embed" }, make("header", {}, title, state), live, notice, make("footer", {}, link)));
const say = (/** @type {string | null} */ trouble) => tell(notice, trouble);
const configuration = await readConfiguration(say);
const leaderboard = createLeaderboard({ http: configuration.http, socket: configuration.socket });
const api = createApi({ http: configuration.http, storage: null });
const readRules = () => api.boards();
const asked = new URLSearchParams(location.search).get("board");
const all = asked ? [] : await readAtLast(readRules, say);
const board = asked ?? all.find((it) => !it.board.includes("*"))?.board ?? "";
link.setAttribute("href", `./?board=${encodeURIComponent(board)}`);
rule(board, all);
if (/^[a-z0-9-]{1,48}$/.test(board)) {
  live.leaderboard = leaderboard;
  live.setAttribute("board", board);
  leaderboard.on("status", () => report(leaderboard, board));
  live.addEventListener("change", () => report(leaderboard, board));
  setInterval(() => report(leaderboard, board), TICK);
  if (asked) rule(board, await readAtLast(readRules, () => {}));
} else tell(notice, text("board.unknown"));

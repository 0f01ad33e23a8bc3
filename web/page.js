/**
 * The page: makes its parts once and connects them. Everything live comes from the client in `client/`.
 */

/** @typedef {import("./client/index.js").Board} Board */

import { Account } from "./account.js";
import { AccountDeletion } from "./account_deletion.js";
import { Actions } from "./actions.js";
import { Announcer } from "./announcer.js";
import { BoardStatus } from "./board_status.js";
import { boardWords } from "./board_words.js";
import { Boards } from "./boards.js";
import { createApi } from "./client/api/index.js";
import "./client/element.js";
import { createLeaderboard } from "./client/index.js";
import { Curve } from "./curve.js";
import { find, tell, write } from "./elements.js";
import { KeptAnswers } from "./kept_answers.js";
import { OwnPlace } from "./own_place.js";
import { PlayerSearch } from "./player_search.js";
import { Ranking } from "./ranking.js";
import { readAtLast, readConfiguration } from "./reading.js";
import { Reconnection } from "./reconnection.js";
import { SeasonClock } from "./season_clock.js";
import { SeasonEnd } from "./season_end.js";
import { language, text } from "./texts/index.js";
import { actionName, amount, count } from "./words.js";

/**
 * How long before its time an answer may be given, in milliseconds; it is kept until then. The page measures that time by this
 * machine's clock, so it can be trusted for longer than `notBefore` of the service.
 */
const EARLINESS = 120_000;
/** How many players a search lists. */
const FOUND = 8;

/** @param {string | null} trouble why nothing can be shown yet */
function sayTrouble(trouble) {
  tell(find("empty"), trouble);
}

const configuration = await readConfiguration(sayTrouble);
const leaderboard = createLeaderboard({ http: configuration.http, socket: configuration.socket });
const api = createApi({
  http: configuration.http,
  cognito: configuration.cognito,
  webClientId: configuration.webClientId,
  timing: { earliness: EARLINESS },
});
const announcer = new Announcer();
const live = /** @type {import("./client/element.js").LiveLeaderboard} */ (find("live"));
const ownPlace = new OwnPlace(api);
const curve = new Curve(api);
const status = new BoardStatus(leaderboard, announcer);
const clock = new SeasonClock(leaderboard, announcer);
const seasonEnd = new SeasonEnd({ api, announcer, now: leaderboard.now });
const ranking = new Ranking({ api, onMove: () => boards.chosen && choose(boards.chosen) });
const account = new Account({
  api,
  anyCode: configuration.anyCode === true,
  onPlayer: (player) => {
    mark(live, "own", player?.userId ?? null);
    ownPlace.of(player);
    curve.of(player);
    ranking.own(player?.userId ?? null);
    seasonEnd.own(player?.userId ?? null);
    invite();
    offer();
  },
});
const deletion = new AccountDeletion({ api, account });
const actions = new Actions({
  api,
  onScore: (board, { entry }) => {
    ownPlace.scored(board, entry);
    curve.scored(board, entry);
  },
  onFailure: (error) => account.fail(error),
});
const boards = new Boards({ named: configuration.boards ?? [], onChoice: choose });
const listed = readAtLast(() => api.boards(), sayTrouble).then((rules) => boards.show(rules));
const kept = new KeptAnswers({ api, boards, listed, onCounted: () => void account.refresh() });

let shown = "";
/** @type {Board | null} */
let latest = null;
/** The seasons whose beginning made the page read the boards again. @type {Set<string>} */
const learned = new Set();
/** The format that the element has. @type {import("./rules.js").Format | undefined} */
let format;

/**
 * Shows another board, or the same one again.
 * @param {string} board
 */
function choose(board) {
  write(find("board-title"), boards.title(board));
  document.title = text("page.titleOf", { board: boards.title(board) });
  if (board !== shown) {
    shown = board;
    latest = null;
    live.hidden = false;
    status.show(null);
    clock.show(null);
    seasonEnd.show(null);
    ranking.beside(null);
    ownPlace.show(null);
    curve.show(null);
    write(find("total"), "–");
    tell(find("empty"), null);
    find("invitation").hidden = true;
    const isBoard = /^[a-z0-9-]{1,48}$/.test(board);
    find("stage").hidden = !isBoard;
    find("stage").classList.add("waiting");
    mark(live, "board", isBoard ? board : null);
    if (!isBoard && !board.includes("*")) refuse();
    // It may have been followed a moment ago: a problem that is known already is not reported again.
    if (leaderboard.status.problems.some((problem) => isUnknown(problem, board))) refuse();
  }
  rule(board);
  ranking.show(board, boards.rules(board));
  if (latest) show(latest); // its rules may have come after it
  offer();
}

/**
 * Gives the element what the board's rules say of it.
 * @param {string} board
 */
function rule(board) {
  const rules = boards.rules(board);
  mark(live, "label", boards.title(board));
  mark(live, "order", rules?.order ?? null);
  live.words = boardWords(rules?.format);
  if (rules?.format !== format) live.formatScore = (score) => amount(score, rules?.format);
  format = rules?.format;
}

/** Says that the board does not exist. */
function refuse() {
  live.hidden = true;
  find("stage").hidden = false;
  tell(find("empty"), text("board.unknown"));
}

/**
 * Shows the newest state of the board.
 * @param {Board} board
 */
function show(board) {
  if (board.board !== shown) return;
  latest = board;
  find("stage").classList.remove("waiting");
  const rules = boards.rules(board.board);
  status.show(board);
  clock.show(board);
  seasonEnd.show(board, rules);
  ranking.beside(board);
  if (rules?.season && rules.season.season !== board.season) learn(board.season);
  ownPlace.show(board, rules?.format);
  curve.show(board, rules);
  announcer.heed(board, api.account.userId, rules?.format);
  write(find("total"), count(board.total));
  tell(find("empty"), null);
  invite();
}

/**
 * Reads the boards again when a season has begun that they do not have.
 * @param {string} season
 */
async function learn(season) {
  if (learned.has(season)) return;
  learned.add(season);
  try {
    boards.show(await api.boards());
  } catch {
    learned.delete(season); // the next change of the board tries again
  }
}

/** A board that nobody has scored on says how to be the first, where there is something to play. */
function invite() {
  const empty = latest !== null && latest.entries.length === 0;
  const games = Object.keys(boards.rules(shown)?.actions ?? {}).map(actionName);
  find("invitation").hidden = !empty || games.length === 0;
  if (!empty) return;
  const names = new Intl.ListFormat(language, { type: "disjunction" }).format(games);
  const said = text(api.account.userId ? "empty.player" : "empty.visitor", { games: names });
  tell(find("empty"), games.length === 0 ? text("board.empty") : said);
}

/** The actions of the board that is shown, for the player who is signed in. */
function offer() {
  actions.show(api.account.userId, shown, shown ? boards.rules(shown) : undefined);
}

/**
 * Sets an attribute, or takes it off.
 * @param {Element} element
 * @param {string} name
 * @param {string | null} value null for none
 */
function mark(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/**
 * @param {import("./client/index.js").Problem} problem
 * @param {string} board
 */
function isUnknown(problem, board) {
  return problem.code === "board_not_found" && problem.board === board;
}

leaderboard.on("problem", (problem) => {
  if (isUnknown(problem, shown)) refuse();
  else console.warn(`${problem.code}: ${problem.message}`);
});
new Reconnection(leaderboard);
new PlayerSearch({ search: (name) => api.findUsers(name, { limit: FOUND }), onChoice: (player) => ranking.goTo(player) });
account.onRename((userName) => ownPlace.rename(userName));
live.leaderboard = leaderboard;
live.addEventListener("change", (event) => show(/** @type {CustomEvent<{board: Board}>} */ (event).detail.board));
let player = api.account.userId;
api.on("player", ({ userId }) => {
  // The same player may sign in again.
  if (userId === player) return;
  player = userId;
  deletion.close();
  kept.clear();
  offer();
  void account.enter();
});
void account.enter();
// The address may name the board before the list of them is here.
if (boards.chosen) choose(boards.chosen);
await listed;

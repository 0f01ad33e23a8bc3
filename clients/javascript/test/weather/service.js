/**
 * A model of the service, written from the protocol without any code of the client: scores, recorded tops with versions and
 * epochs, seasons, frames, subscribers, HTTP reads. It keeps every record, for the witness.
 */

/** @typedef {import("./random.js").Random} Random */
/** @typedef {import("./time.js").Time} Time */

/** @typedef {import("./model_board.js").Entry} Entry */
/** @typedef {import("./model_board.js").Record} Record */
/** @typedef {import("./model_board.js").Rules} Rules */
/** What sends a frame to one connection. @typedef {(frame: object) => void} Send */

import { MIDNIGHT, ModelBoard, rankAtMidnight, rfc3339 } from "./model_board.js";

/** The service that clients talk to, and that the weather comes between. */
export class Service {
  /** @type {Map<string, ModelBoard>} */
  boards = new Map();
  /** @type {Map<object, {send: Send, boards: Set<string>}>} */
  connections = new Map();
  #random;
  #time;

  /** @param {{random: Random, time: Time, rules: Rules[]}} parts */
  constructor({ random, time, rules }) {
    this.#random = random;
    this.#time = time;
    for (const each of rules) {
      const board = new ModelBoard(each, time.now());
      this.boards.set(each.name, board);
      this.#remember(board);
    }
  }

  /** @param {string} name */
  #board(name) {
    return /** @type {ModelBoard} */ (this.boards.get(name));
  }

  // Scores

  /** @param {string} name one score, removal or name, at random */
  write(name) {
    const random = this.#random;
    const board = this.#board(name);
    const userId = `user-${random.below(board.rules.users)}`;
    const user = board.ranking.get(userId);
    if (user && random.chance(0.08)) board.ranking.delete(userId);
    else if (user && random.chance(0.08)) user.userName = `Name ${random.below(1000)} <b>&\u202e\u{1f980}`;
    else {
      const userScore = (user?.userScore ?? 0) + random.below(6) * 10;
      if (user?.userScore === userScore) return;
      board.ranking.set(userId, { userName: user?.userName ?? userId, userScore, at: this.#time.now() });
    }
    this.#planRecord(board);
  }

  /** @param {ModelBoard} board */
  #planRecord(board) {
    if (board.recordPlanned || board.counterLost) return;
    board.recordPlanned = true;
    this.#time.after(Math.min(board.rules.frameInterval / 2, 100), () => {
      board.recordPlanned = false;
      if (!board.counterLost) this.#recordTop(board);
    });
  }

  /** @param {ModelBoard} board */
  #recordTop(board) {
    const top = this.#top(board);
    if (board.version > 0 && JSON.stringify(top) === JSON.stringify(board.record.entries)) return;
    if (board.version === 0 && top.length === 0) return;
    board.epoch ??= this.#newEpoch();
    board.version += 1;
    this.#remember(board);
    this.#planFrame(board);
  }

  #newEpoch() {
    return Math.floor(this.#random.next() * 36 ** 6).toString(36);
  }

  /** @param {ModelBoard} board @returns {Entry[]} */
  #top({ ranking, rules }) {
    const order = [...ranking].sort(
      ([idA, a], [idB, b]) => b.userScore - a.userScore || a.at - b.at || (idA < idB ? -1 : 1),
    );
    return order.slice(0, rules.topSize).map(([userId, { userName, userScore, at }], index) => ({
      rank: index + 1,
      place: order.findIndex(([, other]) => other.userScore === userScore) + 1,
      userId,
      userName,
      userScore,
      scoreUpdatedAt: rfc3339(at),
      was: rankAtMidnight(userId),
    }));
  }

  /** @param {ModelBoard} board */
  #remember(board) {
    const entries = board.version === 0 ? [] : this.#top(board);
    board.history.push({
      board: board.rules.name,
      season: board.season,
      epoch: board.epoch,
      version: board.version,
      total: board.version === 0 ? 0 : board.ranking.size,
      endsAt: board.seasonEnds === Infinity ? null : rfc3339(board.seasonEnds),
      since: board.version === 0 ? null : MIDNIGHT,
      entries,
      scoredAt: entries.map((entry) => entry.scoreUpdatedAt).sort().at(-1) ?? null,
      recordedAt: this.#time.now(),
    });
  }

  /**
   * The counter is lost; after a while it starts again in a new epoch.
   * @param {string} name
   * @param {number} outage
   */
  loseCounter(name, outage) {
    const board = this.#board(name);
    if (board.counterLost || board.version === 0) return;
    board.counterLost = true;
    const season = board.season;
    this.#time.after(outage, () => {
      if (!board.counterLost || board.season !== season) return;
      board.counterLost = false;
      board.epoch = this.#newEpoch();
      board.version = 1 + (this.#random.chance(0.3) ? this.#random.below(board.version + 3) : 0);
      this.#remember(board);
      this.#planFrame(board);
    });
  }

  /** Starts the seasons whose time has come. */
  turnSeasons() {
    for (const board of this.boards.values()) {
      while (this.#time.now() >= board.seasonEnds) {
        const start = board.seasonEnds;
        board.seasonNumber += 1;
        const last = board.seasonNumber >= board.rules.seasons.length - 1;
        board.seasonEnds = last ? start + 30 * 86_400_000 : start + board.rules.seasons[board.seasonNumber];
        Object.assign(board, { epoch: null, version: 0, counterLost: false, sent: null });
        board.ranking.clear();
        this.#remember(board);
        this.#time.after(this.#random.between(0, 60 * board.rules.frameInterval), () => this.#frame(board));
      }
    }
  }

  /** Whether nothing more will happen by itself. */
  get isAtRest() {
    return [...this.boards.values()].every(
      ({ counterLost, framePlanned, recordPlanned, seasonNumber, rules }) =>
        !counterLost && !framePlanned && !recordPlanned && seasonNumber === rules.seasons.length - 1,
    );
  }

  // Frames

  /** @param {ModelBoard} board */
  #planFrame(board) {
    if (board.framePlanned) return;
    board.framePlanned = true;
    this.#time.after(this.#random.between(0, board.rules.frameInterval), () => {
      board.framePlanned = false;
      this.#frame(board);
    });
  }

  /** @param {ModelBoard} board */
  #frame(board) {
    const { record, sent } = board;
    if (record === sent) return;
    board.sent = record;
    const together = sent && sent.season === record.season && sent.epoch === record.epoch;
    const frame = together && this.#random.chance(0.85) ? this.#update(sent, record) : this.#snapshot(record);
    for (const connection of this.connections.values()) {
      if (connection.boards.has(record.board)) connection.send(frame);
    }
  }

  /** When a frame says that it was sent: the functions' clocks differ a little. */
  #publishedAt() {
    return rfc3339(this.#time.now() + this.#random.between(-50, 50));
  }

  /** @param {Record} record */
  #snapshot({ recordedAt: _recordedAt, scoredAt: _scoredAt, ...top }) {
    return { type: "snapshot", ...top, publishedAt: this.#publishedAt() };
  }

  /**
   * @param {Record} from
   * @param {Record} to
   */
  #update(from, to) {
    const before = new Map(from.entries.map((entry) => [entry.userId, JSON.stringify(entry)]));
    const after = new Set(to.entries.map((entry) => entry.userId));
    const { board, season, epoch, version, total, since, scoredAt } = to;
    return {
      type: "update",
      ...{ board, season, epoch, from: from.version, version, total, since },
      upsert: to.entries.filter((entry) => before.get(entry.userId) !== JSON.stringify(entry)),
      remove: from.entries.map((entry) => entry.userId).filter((userId) => !after.has(userId)),
      ...{ scoredAt, publishedAt: this.#publishedAt() },
    };
  }

  // Subscribers

  /**
   * @param {object} key
   * @param {Send} send
   */
  connect(key, send) {
    this.connections.set(key, { send, boards: new Set() });
  }

  /** @param {object} key */
  disconnect(key) {
    this.connections.delete(key);
  }

  /**
   * @param {object} key the connection
   * @param {string} text
   */
  message(key, text) {
    const connection = this.connections.get(key);
    if (!connection) return;
    const { action, board: name, have } = JSON.parse(text);
    const board = this.boards.get(name);
    if (action === "ping") {
      const boards = [...connection.boards].map((each) => {
        const { season, epoch, version } = this.#board(each).record;
        return [each, { season, epoch, version }];
      });
      connection.send({ type: "pong", serverTime: rfc3339(this.#time.now()), boards: Object.fromEntries(boards) });
    } else if (action === "subscribe" && board) {
      connection.boards.add(name);
      const { season, epoch, version } = board.record;
      const upToDate = have && have.epoch === epoch && have.version === version;
      connection.send(upToDate ? { type: "current", board: name, season, epoch, version } : this.#snapshot(board.record));
    } else if (action === "unsubscribe" && board) {
      connection.boards.delete(name);
      connection.send({ type: "unsubscribed", board: name });
    } else {
      const code = action === "subscribe" ? "board_not_found" : "bad_request";
      connection.send({ type: "error", code, message: "No such board, or no such action", requestId: "r", board: name });
    }
  }

  /**
   * `GET /boards/{board}/top`
   * @param {string} name
   * @returns {{status: number, etag: string | null, body: object}}
   */
  top(name) {
    const board = this.boards.get(name);
    if (!board) return { status: 404, etag: null, body: { status: 404, code: "board_not_found", title: "Board not found" } };
    const { recordedAt: _recordedAt, scoredAt: _scoredAt, ...top } = board.record;
    return { status: 200, etag: `"${top.season}-${top.epoch}-${top.version}"`, body: top };
  }
}

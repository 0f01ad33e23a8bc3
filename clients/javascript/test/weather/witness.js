/** Compares what a client shows with what the service recorded. It uses no code of the client. */

/** @typedef {import("./service.js").Record} Record */
/** @typedef {import("../../src/index.js").Board} Board */
/** @typedef {import("../../src/index.js").Changes} Changes */

/** @param {{season: string, epoch: string | null, version: number}} place */
const key = ({ season, epoch, version }) => `${season} ${epoch} ${version}`;

/** The witness of one listener of one board. */
export class Witness {
  /** @type {string[]} what was wrong */
  wrongs = [];
  shown = 0;
  /** @type {Board | null} */
  last = null;
  #position = -1;
  #records;

  /** @param {() => Record[]} records of one board, in order; they may grow */
  constructor(records) {
    this.#records = records;
  }

  /**
   * @param {Board} board
   * @param {Changes} changes
   */
  see(board, changes) {
    this.shown += 1;
    const position = this.#records().findIndex((record) => key(record) === key(board));
    if (position < 0) this.wrongs.push(`never recorded: ${key(board)}`);
    else {
      const record = this.#records()[position];
      for (const name of /** @type {const} */ (["board", "total", "endsAt", "since", "entries"])) {
        if (JSON.stringify(record[name]) !== JSON.stringify(board[name])) this.wrongs.push(`other ${name} at ${key(board)}`);
      }
      if (position <= this.#position) this.wrongs.push(`went from ${this.last && key(this.last)} to ${key(board)}`);
    }
    this.#compare(board, changes);
    this.#position = position;
    this.last = board;
  }

  /**
   * The changes tell how to get from the board before to this one.
   * @param {Board} board
   * @param {Changes} changes
   */
  #compare(board, { since, entered, left, moved, scored }) {
    if (!this.last || !since) {
      if (this.last || since) this.wrongs.push(`first is not first at ${key(board)}`);
      return;
    }
    if (key(since) !== key(this.last)) this.wrongs.push(`changes since ${key(since)}, not ${key(this.last)}`);
    const users = new Map(this.last.entries.map((entry) => [entry.userId, { rank: entry.rank, score: entry.userScore }]));
    for (const { userId } of left) users.delete(userId);
    for (const { userId, rank, userScore } of entered) users.set(userId, { rank, score: userScore });
    for (const { entry, from, to } of moved) {
      const user = users.get(entry.userId);
      if (user?.rank !== from) this.wrongs.push(`moved from another rank at ${key(board)}`);
      if (user) user.rank = to;
    }
    for (const { entry, from, to } of scored) {
      const user = users.get(entry.userId);
      if (user?.score !== from) this.wrongs.push(`scored from another score at ${key(board)}`);
      if (user) user.score = to;
    }
    const told = [...users].map(([userId, { rank, score }]) => `${rank} ${userId} ${score}`).sort();
    const shown = board.entries.map(({ rank, userId, userScore }) => `${rank} ${userId} ${userScore}`).sort();
    if (told.join() !== shown.join()) this.wrongs.push(`changes do not lead to ${key(board)}`);
  }

  get isFinal() {
    const records = this.#records();
    return this.last !== null && key(this.last) === key(records[records.length - 1]);
  }
}

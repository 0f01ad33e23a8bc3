/*
 * Reads over HTTP: the first top of each board, and all of them while no socket is live.
 *
 * Polling begins some seconds after the socket was lost, since most sockets are back by then, and at a random moment,
 * so that a crowd does not read at once. It ends when a socket is live. A read is not used for a board that the
 * socket has answered for: the socket brings every version in order, and a read beside it would look like a gap.
 */

/** @import { ReadFailed, ReadSucceeded } from "./events.js" */
/** @import { FollowedBoard } from "./followed_board.js" */
/** @import { Problem } from "./problems.js" */

import { Poll } from "./poll.js";

/** So many failed reads of every board in a row, and the address is suspected. */
const READS_LIMIT = 2;
const NO_ANSWER = "The service did not answer in time";
/** The wait before another site's answer is asked for again: it may have been a moment's. */
const SECOND_LOOK_AFTER = 2_000;
const HTTP_FAILED = "Check that `http` is the API's address and that it can be reached from here. The client keeps trying.";

/** Decides when each board is read over HTTP, and takes what comes of it. @internal */
export class Polling {
  /** Whether the last read brought a top, since the socket was lost. */
  works = false;
  /** Whether the service's own code has ever answered. */
  everWorked = false;
  /** What the last read brought instead of an answer of the service. */
  failure = NO_ANSWER;
  /** Whether something else than the service seems to be at the address: it is read again, even beside a live socket. */
  doubtful = false;
  /** The page may not read what the service answers, as it seems. @type {Problem | null} */
  originProblem = null;
  #parts;
  /** Since when there has been no live socket though one is wanted. */
  #downAt = Infinity;
  /** How long after that this client begins to poll. */
  #delay = 0;

  /** @param {import("./session_parts.js").SessionParts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /**
   * A board is followed, and may be read.
   * @param {FollowedBoard} board
   */
  adopt(board) {
    board.poll = new Poll(this.#parts);
  }

  /** When polling begins; Infinity while the socket is live and gives no reason to read, nobody looks, or there is no network. */
  get startsAt() {
    const { connections } = this.#parts;
    if (connections.offline || connections.unwatched) return Infinity;
    return this.doubtful ? -Infinity : this.#downAt + this.#delay;
  }

  /** When the next read starts, or is given up. */
  get due() {
    return Math.min(...[...this.#parts.boards.values()].map(({ poll }) => poll.due(this.startsAt)));
  }

  /** The socket is live. */
  end() {
    this.#downAt = Infinity;
    this.works = false;
  }

  /**
   * There is no live socket; nothing changes if that is known.
   * @param {number} now
   */
  begin(now) {
    if (this.#downAt < Infinity) return;
    this.#downAt = now;
    const { random, sockets, timing } = this.#parts;
    if (sockets) this.#delay = timing.pollAfter + random() * timing.pollInterval;
  }

  /** Nothing is wanted any more: gives up the reads that are under way. */
  stop() {
    this.#downAt = Infinity;
    for (const board of this.#parts.boards.values()) this.abort(board);
  }

  /**
   * Gives up the reads that take too long, and starts those that are due.
   * @param {number} now
   */
  advance(now) {
    for (const board of this.#parts.boards.values()) {
      if (board.poll.isOverdue(now)) {
        this.#parts.emit({ do: "abort", board: board.name });
        this.fail({ type: "readFailed", board: board.name }, now);
      }
      if (now >= board.poll.due(this.startsAt)) this.read(board, now);
    }
  }

  /**
   * Starts a read.
   * @param {FollowedBoard} board
   * @param {number} now
   */
  read({ name, poll }, now) {
    poll.start(now);
    this.#parts.emit({ do: "fetch", board: name });
  }

  /**
   * Gives up the read of a board, if one is under way.
   * @param {FollowedBoard} board
   */
  abort({ name, poll }) {
    if (poll.sentAt !== null) this.#parts.emit({ do: "abort", board: name });
    poll.stop();
  }

  /**
   * Takes a top that was read.
   * @param {ReadSucceeded} read
   * @param {number} now
   */
  succeed({ board: name, top }, now) {
    const { boards, connections, problems, timing } = this.#parts;
    const board = boards.get(name);
    const sentAt = board?.poll.sentAt ?? null;
    if (!board || sentAt === null) return;
    board.poll.succeed(now);
    this.works = true;
    this.#readable();
    problems.solve(`read ${name}`);
    if (connections.current?.isAnswered(name)) return;
    const { following } = board;
    const before = following.held;
    const readAfter = sentAt - timing.cacheAllowance;
    board.refused = false;
    board.freshAt = sentAt;
    following.snapshot(top, { now, readAfter });
    following.count(top);
    following.answered(top, readAfter);
    this.#parts.showChange(board, before);
  }

  /**
   * Takes a read that failed, and reports what may need somebody.
   * @param {ReadFailed} read
   * @param {number} now
   */
  fail({ board: name, problem, retryAfter = 0, failure = NO_ANSWER, foreign = false }, now) {
    const { boards, problems, sockets } = this.#parts;
    const board = boards.get(name);
    if (!board || board.poll.sentAt === null) return;
    board.poll.fail(now, retryAfter);
    this.works = false;
    if (problem?.code === "origin_refused") {
      // A socket that fails, too, has to confirm it.
      if (sockets) this.originProblem = problem;
      else problems.report("origin", problem);
    } else if (problem) {
      this.#readable();
      problems.report(`read ${name}`, problem);
      if (problem.code === "board_not_found") board.refused = true;
    } else {
      const failures = Math.min(...[...boards.values()].map(({ poll }) => poll.failures));
      // Where there are sockets, an outage is no problem of the address; nor is a network that answers in its place for a while.
      const wrong = foreign && !this.everWorked;
      this.failure = failure;
      this.doubtful = wrong && failures < READS_LIMIT;
      if (this.doubtful) board.poll.hurry(now + SECOND_LOOK_AFTER);
      if ((sockets && !wrong) || failures < READS_LIMIT) return;
      problems.report("http", { code: "http_failed", message: `${failure}, ${failures} times in a row. ${HTTP_FAILED}` });
    }
  }

  /** The service's own code answered over HTTP, and this page may read it. */
  #readable() {
    this.everWorked = true;
    this.originProblem = null;
    this.doubtful = false;
    this.#parts.problems.solve("http", "origin");
  }
}

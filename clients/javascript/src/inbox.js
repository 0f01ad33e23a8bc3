/*
 * What comes in over the sockets: each frame changes the board that it names.
 *
 * The service reads a board after the client asked for it, so the answer to a `subscribe` is not older than the
 * question. The link remembers when it asked, and that time decides where versions cannot tell which of two counters
 * is the newer one.
 */

/** @import { FollowedBoard } from "./followed_board.js" */
/** @import { Frame, Pong, Refusal } from "./frame.js" */
/** @import { Link } from "./link.js" */

/** So many answers in a row that could not be placed, and a new connection decides: it has no past. */
const UNDECIDED_LIMIT = 3;

/** Takes the frames of every link. @internal */
export class Inbox {
  #parts;

  /** @param {import("./session_parts.js").SessionParts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /**
   * Takes a frame that came in on a link.
   * @param {Frame} frame
   * @param {Link} link
   * @param {number} now
   */
  take(frame, link, now) {
    if (frame.type === "pong") return this.#pong(frame, link, now);
    if (frame.type === "error") return this.#refusal(frame, link, now);
    const board = this.#parts.boards.get(frame.board);
    if (board) this.#boardFrame(board, frame, link, now);
  }

  /**
   * @param {FollowedBoard} board
   * @param {Exclude<Frame, Pong | Refusal>} frame
   * @param {Link} link
   * @param {number} now
   */
  #boardFrame(board, frame, link, now) {
    const { following } = board;
    const before = following.held;
    switch (frame.type) {
      case "snapshot": {
        const askedAt = link.answer(frame.board);
        this.#answered(board);
        following.snapshot(frame, { now, readAfter: link.openedAt, askedAt });
        following.answered(frame, askedAt);
        if (following.undecided >= UNDECIDED_LIMIT) this.#parts.connections.distrust(link, now);
        break;
      }
      case "update":
        if (following.update(frame, now)) link.fitted(frame.board);
        break;
      case "current":
        if (!before) return;
        this.#answered(board);
        following.name(frame, now);
        following.answered(frame, link.answer(frame.board));
        break;
      case "unsubscribed":
        link.askAgain(frame.board, { now });
    }
    // Until every board has been answered, one that has is known to be right as of its arrival.
    if (following.held && board.freshAt === -Infinity) board.freshAt = now;
    this.#parts.showChange(board, before);
  }

  /**
   * A pong names every board of this connection, and its version. That repairs what got lost without a trace: an update, a
   * `subscribe`, an `unsubscribe`.
   * @param {Pong} frame
   * @param {Link} link
   * @param {number} now
   */
  #pong({ serverTime, boards: named }, link, now) {
    const { boards, emit, problems } = this.#parts;
    problems.solve("frames");
    const readAt = link.pong(now);
    if (readAt !== null && !Number.isNaN(serverTime)) this.#parts.offset = serverTime - readAt;
    for (const [name, place] of named) {
      const board = boards.get(name);
      if (board) board.following.name(place, now);
      else emit({ do: "send", link: link.number, message: { action: "unsubscribe", board: name } });
    }
    for (const name of boards.keys()) {
      if (!named.has(name) && link.isSettled(name)) link.askAgain(name, { now });
    }
  }

  /**
   * @param {Refusal} frame
   * @param {Link} link
   * @param {number} now
   */
  #refusal({ code, message, board: name, requestId }, link, now) {
    const board = this.#parts.boards.get(/** @type {string} */ (name));
    if (name !== undefined && !board) return;
    this.#parts.problems.report(name === undefined ? "frames" : `board ${name}`, { code, message, board: name, requestId });
    if (code === "board_not_found" && board) {
      link.refuse(board.name);
      board.refused = true;
    } else link.askAgain(name, { now, slower: code === "rate_limited" ? 2 : 0 });
  }

  /** @param {FollowedBoard} board */
  #answered(board) {
    board.refused = false;
    this.#parts.problems.solve(`board ${board.name}`, `read ${board.name}`, "frames");
  }
}

/*
 * Whether the boards shown are still the service's own, and if not, since when.
 *
 * A board is fresh while its connection is live and not silent, has answered for it, and nothing newer is known. Each
 * message then moves the board's time of freshness on; where that time stops, the board is stale since. A polled
 * board is fresh while its reads succeed, although it may be an interval late.
 */

/** @import { ConnectionState } from "./status.js" */
/** @import { FollowedBoard } from "./followed_board.js" */
/** @import { SessionParts } from "./session_parts.js" */

/**
 * The times at which a silent connection, or the end of a board's season, makes boards doubtful.
 * @param {SessionParts} parts
 * @returns {number[]}
 * @internal
 */
export function doubtTimes({ boards, connections, offset, timing }) {
  const doubts = [...boards.values()].map((board) => board.nextSeasonAt(offset) + timing.doubtAfter);
  return [connections.current?.doubtAt ?? Infinity, ...doubts];
}

/**
 * Since when one of the boards may not be the service's own any more; Infinity if all are.
 * @param {SessionParts} parts
 * @param {ConnectionState} state
 * @param {number} now
 * @internal
 */
export function staleAt(parts, state, now) {
  return Math.min(...[...parts.boards.values()].map((board) => staleAtOf(parts, board, state, now)));
}

/**
 * The same of one board; Infinity also if nothing of it is shown.
 * @param {SessionParts} parts
 * @param {FollowedBoard} board
 * @param {ConnectionState} state
 * @param {number} now
 */
function staleAtOf(parts, board, state, now) {
  const { following, poll } = board;
  if (!following.held || board.refused) return Infinity;
  const wasFresh = board.fresh;
  board.fresh = state === "live" && isFresh(parts, board, now);
  if (state === "live" && (board.fresh || wasFresh)) board.freshAt = parts.connections.current?.heardAt ?? now;
  const polled = state === "polling" && poll?.failures === 0 && !following.behind;
  return board.fresh || polled ? Infinity : board.freshAt;
}

/**
 * @param {SessionParts} parts
 * @param {FollowedBoard} board
 * @param {number} now
 */
function isFresh({ connections: { current }, offset, timing }, board, now) {
  if (!current?.isAnswered(board.name) || now >= current.doubtAt) return false;
  // The next season may take a moment to come.
  return !board.following.behind && now < board.nextSeasonAt(offset) + timing.doubtAfter;
}

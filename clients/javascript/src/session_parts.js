/*
 * What the parts of one session share: its boards, connections, problems and means to reach the service.
 */

/** @import { Board } from "./board.js" */
/** @import { Effect } from "./effects.js" */
/** @import { FollowedBoard } from "./followed_board.js" */
/** @import { Timing } from "./timing.js" */

import { changesBetween } from "./board.js";
import { Connections } from "./connections.js";
import { Problems } from "./problems.js";

/**
 * `sockets`: whether the service can be reached that way. `random` gives [0, 1).
 * @typedef {{timing: Timing, random: () => number, sockets: boolean}} Means
 */

/** One object for each session. @internal */
export class SessionParts {
  /** The time of the service minus this client's, in milliseconds. */
  offset = 0;
  /** Whether a socket has ever opened. */
  everOpened = false;
  /** Reads over HTTP, if there are any. @type {import("./polling.js").Polling | null} */
  polling = null;
  /** The followed boards by name. @type {Map<string, FollowedBoard>} */
  boards = new Map();

  /**
   * @param {Means} means
   * @param {(effect: Effect) => void} emit
   */
  constructor(means, emit) {
    this.timing = means.timing;
    this.random = means.random;
    this.sockets = means.sockets;
    this.emit = emit;
    this.connections = new Connections({ ...means, emit });
    this.problems = new Problems((problem) => emit({ do: "reportProblem", problem }));
  }

  /**
   * Shows what is held of a board now, if it is another than `before`.
   * @param {FollowedBoard} board
   * @param {Board | null} before
   */
  showChange({ following: { held } }, before) {
    if (held && held !== before) this.emit({ do: "showBoard", board: held, changes: changesBetween(before, held) });
  }
}

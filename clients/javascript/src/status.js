/*
 * The status of a client: as the session knows it, in times of its own clock, and as users read it, in dates.
 */

/** @import { Problem } from "./problems.js" */

/**
 * - `idle`: no board is followed
 * - `connecting`: no socket has been live yet
 * - `live`: the socket is open and the service has answered for every board on it
 * - `reconnecting`: the socket is lost, or does not answer; another try is under way or planned
 * - `polling`: as `reconnecting`, and meanwhile the boards are read over HTTP
 * - `offline`: no socket, and the browser says that there is no network
 * - `paused`: the page has been hidden for long, so the socket was closed
 * - `closed`: by `close()`
 * @typedef {"idle" | "connecting" | "live" | "reconnecting" | "polling" | "offline" | "paused" | "closed"} ConnectionState
 */

/**
 * `staleAt`: up to when the boards shown were known to be right, Infinity while they are. `attempt`: connections lost or failed
 * in a row. `retryAt`: when the next connection is tried. Times are milliseconds of the session's clock.
 * @typedef {{state: ConnectionState, staleAt: number, attempt: number, retryAt: number,
 *   problems: readonly Problem[]}} Condition
 */

/**
 * The state of a client. Frozen, and the same object while nothing changed.
 * @typedef {object} Status
 * @property {ConnectionState} state
 * @property {Date | null} staleSince up to when the boards shown were known to be the service's own; null while they are
 * @property {number} attempt connections lost or failed in a row
 * @property {Date | null} retryAt when the next connection is tried, if one is waited for
 * @property {readonly Problem[]} problems the problems that are not solved yet
 */

/**
 * Makes one status of each condition: frameworks compare objects to see a change.
 * @param {() => number} ahead the wall clock minus the session's clock, in milliseconds
 * @returns {(condition: Condition) => Status} the same object for the same condition
 * @internal
 */
export function statusKeeper(ahead) {
  /** @type {Condition | null} */
  let known = null;
  /** @type {Status} */
  let status;
  return (condition) => {
    if (condition === known) return status;
    known = condition;
    const { staleAt, ...same } = condition;
    /** @param {number} time */
    const date = (time) => (time < Infinity ? new Date(time + ahead()) : null);
    status = Object.freeze({ ...same, staleSince: date(staleAt), retryAt: date(same.retryAt) });
    return status;
  };
}

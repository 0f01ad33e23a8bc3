/*
 * Tells a mistake in the set-up from an outage.
 *
 * To a client both look the same: a socket does not open. An outage needs nobody, since the client tries again. So a
 * problem is reported only if no socket has ever opened, and several tries failed or one gets no answer at all. What
 * it says depends on whether the service answers over HTTP, where there is HTTP to compare with.
 */

/** So many failed connections, of a client that never had one, and the way to the service is suspected. */
const TRIES_LIMIT = 4;
/** In milliseconds. A moment's trouble is over by the second look, and a page that was busy has taken what came meanwhile. */
const SECOND_LOOK_AFTER = 1_500;
/** Why a socket never opens, as far as a client can know. */
const SOCKET_BLOCKED = "Check the address `socket`, a page's origin (in the stage's `allowedOrigins`?), and proxies.";
const UNREACHABLE =
  "Check the addresses `http` and `socket`. If they are right, the service or the network is down. The client keeps trying.";

/** Reports what keeps sockets from opening. @internal */
export class Diagnosis {
  /** When to look again; Infinity while nothing is suspected. */
  lookAt = Infinity;
  #parts;

  /** @param {import("./session_parts.js").SessionParts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /**
   * Reports that sockets are blocked, the origin refused, or nothing answers, once there is enough to say so.
   * @param {number} now
   */
  advance(now) {
    const { connections, everOpened, polling, problems, timing } = this.#parts;
    const originProblem = polling?.originProblem;
    const { current, failures, offline } = connections;
    if (everOpened || offline) return;
    // A socket that opens proves that the origin is let in: then the read's failure had another cause.
    if (originProblem && failures > 0) problems.report("origin", originProblem);
    // One problem at a time: who solves it sees the next.
    if (polling?.doubtful || problems.list.some(({ board }) => board === undefined)) return;
    const slow = current !== null && now >= current.doubtAt;
    if (!slow && failures < TRIES_LIMIT) return;
    this.lookAt = Math.min(this.lookAt, now + SECOND_LOOK_AFTER);
    if (now < this.lookAt) return;
    const tries = failures < TRIES_LIMIT ? `${(timing.pollAfter + SECOND_LOOK_AFTER) / 1000} seconds` : `${failures} tries`;
    if (polling && !polling.everWorked) {
      problems.report("origin", { code: "unreachable", message: `No socket opened in ${tries}, and over HTTP: ${polling.failure}. ${UNREACHABLE}` });
      return;
    }
    const facts = polling ? "The service answers over HTTP, but no" : "No";
    const doubt = polling ? "" : "The service may be down. If it is not: ";
    problems.report("socket", { code: "socket_blocked", message: `${facts} socket opened in ${tries}. ${doubt}${SOCKET_BLOCKED}` });
  }
}

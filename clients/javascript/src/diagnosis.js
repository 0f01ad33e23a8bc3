/*
 * Tells a mistake in the set-up from an outage.
 *
 * To a client both look the same: a socket does not open. An outage needs nobody, since the client tries again. So a
 * problem is reported only if no socket has ever opened, several tries failed, and the service answers over HTTP,
 * where there is HTTP to compare with.
 */

/** So many failed connections, of a client that never had one, and the way to the service is suspected. */
const TRIES_LIMIT = 4;
/** Why a socket never opens, as far as a client can know. */
const SOCKET_BLOCKED = "Check the address `socket`, a page's origin (in the stage's `allowedOrigins`?), and proxies.";

/** Reports what keeps sockets from opening. @internal */
export class Diagnosis {
  #parts;

  /** @param {import("./session_parts.js").SessionParts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /** Reports that sockets are blocked, or the origin refused, once there is enough to say so. */
  advance() {
    const { connections, polling, problems } = this.#parts;
    const originProblem = polling?.originProblem;
    const { failures } = connections;
    if (this.#parts.everOpened || connections.offline) return;
    // A socket that opens proves that the origin is let in: then the read's failure had another cause.
    if (originProblem && failures > 0) problems.report("origin", originProblem);
    if (failures < TRIES_LIMIT || problems.has("socket") || (polling && !polling.everWorked)) return;
    const facts = polling ? "The service answers over HTTP, but no" : "No";
    const doubt = polling ? "" : "The service may be down. If it is not: ";
    problems.report("socket", { code: "socket_blocked", message: `${facts} socket opened in ${failures} tries. ${doubt}${SOCKET_BLOCKED}` });
  }
}

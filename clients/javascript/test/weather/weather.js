/** Bad weather between a client and the model service: what is lost, doubled, late, refused, cut off or silent. */

/** @typedef {import("./random.js").Random} Random */
/** @typedef {import("./time.js").Time} Time */

/** The weather of one run, drawn from its seed. */
export class Weather {
  calm = false;
  #random;
  #time;

  /** @param {{random: Random, time: Time, scale: number}} parts scale: 1 for virtual time, less to hurry */
  constructor({ random, time, scale }) {
    this.#random = random;
    this.#time = time;
    const some = (/** @type {number} */ most) => (random.chance(0.35) ? 0 : random.between(0, most));
    this.drop = some(0.3);
    this.double = some(0.3);
    this.late = some(0.4);
    this.latest = random.between(50, 12_000) * scale;
    this.refuse = some(0.5);
    this.hang = some(0.15);
    this.cut = random.between(2_000, 120_000) * scale;
    this.silence = some(0.3);
    this.ticketFailure = some(0.3);
    this.httpFailure = some(0.5);
    this.httpHang = some(0.2);
    this.stale = some(0.5);
    this.staleFor = random.between(0, 1_500) * scale;
    /** A network that lets no WebSocket through, not even when the weather calms down. */
    this.blocked = random.chance(0.08);
  }

  /**
   * One message on its way, either direction.
   * @param {() => void} deliver
   */
  pass(deliver) {
    const random = this.#random;
    const delay = () => (!this.calm && random.chance(this.late) ? random.between(0, this.latest) : 1);
    if (!this.calm && random.chance(this.drop)) return;
    this.#time.after(delay(), deliver);
    if (!this.calm && random.chance(this.double)) this.#time.after(delay(), deliver);
  }

  /** What becomes of a new connection, and when it is cut off. */
  connection() {
    const random = this.#random;
    if (this.blocked) return { fate: random.chance(0.5) ? "refused" : "hangs", cutAfter: Infinity };
    if (this.calm) return { fate: "opens", cutAfter: Infinity };
    const fate = random.chance(this.refuse) ? "refused" : random.chance(this.hang) ? "hangs" : "opens";
    return { fate, cutAfter: random.between(0, 2 * this.cut) };
  }

  /** How a connection ends: with a close frame, or without any sign. */
  ending() {
    return !this.calm && this.#random.chance(this.silence) ? "silent" : "closed";
  }

  /** What comes instead of the answer to a subscribe, if anything does. @returns {unknown} */
  refusal() {
    const random = this.#random;
    if (this.calm || !random.chance(0.06)) return null;
    return random.pick([
      { type: "error", code: "rate_limited", message: "Too many", requestId: "r" },
      { message: "Internal server error", connectionId: "c=", requestId: "r" },
      { type: "snapshot", board: "global", entries: null },
      { type: "novelty", board: "global" },
      [1, 2, 3],
      17,
    ]);
  }

  /** What becomes of an HTTP request. */
  request() {
    const random = this.#random;
    const stale = random.chance(this.stale);
    if (this.calm) return { fate: "answered", stale };
    const fate = random.chance(this.httpFailure) ? random.pick(["down", "error", "garbage", "throttled"]) : "answered";
    return { fate: random.chance(this.httpHang) ? "hangs" : fate, stale };
  }

  ticketFails() {
    return !this.calm && this.#random.chance(this.ticketFailure);
  }
}

/** Random numbers that a seed repeats (mulberry32). */

/** What the weather draws. */
export class Random {
  #state;

  /** @param {number} seed */
  constructor(seed) {
    this.#state = Math.imul(seed, 0x9e3779b1) >>> 0;
  }

  /** A number in [0, 1). */
  next = () => {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };

  /** @param {number} probability */
  chance(probability) {
    return this.next() < probability;
  }

  /**
   * @param {number} low
   * @param {number} high
   */
  between(low, high) {
    return low + this.next() * (high - low);
  }

  /** @param {number} count */
  below(count) {
    return Math.floor(this.next() * count);
  }

  /**
   * @template T
   * @param {readonly T[]} items
   * @returns {T}
   */
  pick(items) {
    return items[this.below(items.length)];
  }
}

/** Virtual time: timers run in order and at once, so that hours of weather pass in milliseconds. */

/**
 * What a part of the weather needs of time, virtual or real.
 * @typedef {{now: () => number, after: (milliseconds: number, run: () => void) => void}} Time
 */

/** A clock that jumps from timer to timer. */
export class VirtualTime {
  /** @type {{at: number, order: number, run: () => void}[]} a binary heap */
  #heap = [];
  #order = 0;
  #now;

  /** Timers that the client under test has set and not cleared. @type {Set<object>} */
  owned = new Set();

  /** @param {number} start */
  constructor(start) {
    this.#now = start;
  }

  now = () => this.#now;

  /** @type {Time["after"]} */
  after = (milliseconds, run) => {
    this.#push({ at: this.#now + Math.max(0, milliseconds), order: this.#order++, run });
  };

  /** @param {() => void} run @param {number} milliseconds */
  setTimeout = (run, milliseconds) => {
    const timer = {};
    this.owned.add(timer);
    this.after(milliseconds, () => this.owned.delete(timer) && run());
    return timer;
  };

  /** @param {object} timer */
  clearTimeout = (timer) => {
    this.owned.delete(timer);
  };

  /**
   * Runs everything up to a time, and lets promises settle in between.
   * @param {number} until
   * @param {() => boolean} [enough] stops early
   */
  async run(until, enough = () => false) {
    await settled();
    for (let next = this.#heap[0]; next && next.at <= until && !enough(); next = this.#heap[0]) {
      this.#pop();
      this.#now = Math.max(this.#now, next.at);
      next.run();
      await settled();
    }
    if (!enough()) this.#now = Math.max(this.#now, until);
  }

  /** @param {{at: number, order: number, run: () => void}} item */
  #push(item) {
    const heap = this.#heap;
    let index = heap.push(item) - 1;
    for (let parent = (index - 1) >> 1; index > 0 && before(item, heap[parent]); parent = (index - 1) >> 1) {
      heap[index] = heap[parent];
      index = parent;
    }
    heap[index] = item;
  }

  #pop() {
    const heap = this.#heap;
    const item = heap.pop();
    if (!item || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child += 1;
      if (child >= heap.length || before(item, heap[child])) break;
      heap[index] = heap[child];
      index = child;
    }
    heap[index] = item;
  }
}

/**
 * @param {{at: number, order: number}} a
 * @param {{at: number, order: number}} b
 */
const before = (a, b) => a.at < b.at || (a.at === b.at && a.order < b.order);

/** A read goes through a handful of promises before its answer is there. */
async function settled() {
  for (let turn = 0; turn < 12; turn += 1) await null;
}

/** @type {Time} */
export const realTime = {
  now: () => Date.now(),
  after: (milliseconds, run) => void setTimeout(run, milliseconds),
};

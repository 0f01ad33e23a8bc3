/**
 * What needs somebody: each problem is listed once for its cause, until it is solved.
 */

/** @typedef {import("./session.js").Problem} Problem */

export class Problems {
  /** Frozen; the same array while nothing changed. @type {readonly Problem[]} */
  list = Object.freeze([]);
  /** @type {Map<Problem, string>} with what may solve it: a way to the service, or a board on it */
  #sources = new Map();

  /**
   * @param {string} source
   * @param {Problem} problem
   * @returns {boolean} whether it is news
   */
  add(source, problem) {
    if (this.list.some(({ code, board }) => code === problem.code && board === problem.board)) return false;
    this.#sources.set(Object.freeze(problem), source);
    this.#relist();
    return true;
  }

  /** @param {string} source */
  has(source) {
    return [...this.#sources.values()].includes(source);
  }

  /** @param {...string} sources */
  solve(...sources) {
    const { size } = this.#sources;
    for (const [problem, source] of this.#sources) if (sources.includes(source)) this.#sources.delete(problem);
    if (this.#sources.size < size) this.#relist();
  }

  clear() {
    this.#sources.clear();
    this.#relist();
  }

  #relist() {
    this.list = Object.freeze([...this.#sources.keys()]);
  }
}

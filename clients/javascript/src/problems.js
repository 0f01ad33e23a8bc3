/*
 * Problems that somebody has to solve. Each is listed once for its cause, until it is solved.
 */

/**
 * Something that trying again does not put right. `code` is stable; `message` says what to do next; `board` is missing if it
 * is about all of them; `requestId` is the service's id of the request.
 * @typedef {{code: string, message: string, board?: string, requestId?: string, cause?: unknown}} Problem
 */

/** The problems of one client that are not solved yet. @internal */
export class Problems {
  /** Frozen; the same array while nothing changed. @type {readonly Problem[]} */
  list = Object.freeze([]);
  /** @type {Map<Problem, string>} */
  #sources = new Map();
  #onNew;

  /** @param {(problem: Problem) => void} onNew */
  constructor(onNew) {
    this.#onNew = onNew;
  }

  /**
   * Lists a problem, unless the same one is listed already. It takes the place of the one that its source had.
   * @param {string} source what solves it when it works again: `socket`, `http`, `origin` (either of the two), `frames`,
   *   `board …` or `read …`; nothing solves `client`
   * @param {Problem} problem
   */
  report(source, problem) {
    if (this.list.some(({ code, board }) => code === problem.code && board === problem.board)) return;
    this.solve(source);
    this.#sources.set(Object.freeze(problem), source);
    this.#relist();
    this.#onNew(problem);
  }

  /**
   * Removes the problems of these sources.
   * @param {...string} sources
   */
  solve(...sources) {
    const { size } = this.#sources;
    for (const [problem, source] of this.#sources) if (sources.includes(source)) this.#sources.delete(problem);
    if (this.#sources.size < size) this.#relist();
  }

  /** Removes all problems. */
  clear() {
    this.#sources.clear();
    this.#relist();
  }

  #relist() {
    this.list = Object.freeze([...this.#sources.keys()]);
  }
}

/** A client for tests. The test decides what its service, its clock and its page do. */

import { createLeaderboard } from "../src/index.js";
import { loadReads, loadRemedies } from "../src/loaded.js";
// A client loads both when it needs them; here they are there already, so that nothing waits for them.
import { FakePage } from "./weather/fake_page.js";
import { response } from "./weather/network.js";
import { VirtualTime } from "./weather/time.js";

/** @typedef {import("../src/index.js").Board} Board */
/** @typedef {import("../src/index.js").Changes} Changes */
/** @typedef {import("../src/index.js").Options} Options */
/** @typedef {import("../src/index.js").Problem} Problem */
/** @typedef {import("../src/index.js").Status} Status */

await Promise.all([loadReads(), loadRemedies()]);

export const START = Date.UTC(2026, 10, 23, 8);

/** @param {number} time */
export const rfc3339 = (time) => new Date(time).toISOString();

/**
 * @param {string} userId
 * @param {number} rank
 * @param {number} userScore
 */
export function entry(userId, rank, userScore) {
  return { rank, place: rank, userId, userName: userId.toUpperCase(), userScore, scoreUpdatedAt: rfc3339(START - userScore) };
}

/**
 * @param {number} version
 * @param {Partial<import("../src/frame.js").Snapshot>} [rest]
 * @returns {import("../src/frame.js").Snapshot}
 */
export function snapshot(version, rest = {}) {
  return {
    type: "snapshot",
    ...{ board: "global", season: "all", epoch: "k3v9", version, total: 2, endsAt: null },
    entries: [entry("ann", 1, 1000 + version), entry("bob", 2, version)],
    publishedAt: rfc3339(START + version),
    ...rest,
  };
}

/**
 * @param {number} from
 * @param {number} version
 * @param {Partial<import("../src/frame.js").Update>} [rest]
 * @returns {import("../src/frame.js").Update}
 */
export function update(from, version, rest = {}) {
  return {
    type: "update",
    ...{ board: "global", season: "all", epoch: "k3v9", from, version, total: 3 },
    upsert: [entry("ann", 1, 1000 + version), entry("bob", 2, version)],
    remove: [],
    scoredAt: rfc3339(START + version),
    publishedAt: rfc3339(START + version),
    ...rest,
  };
}

/**
 * @param {number} version
 * @param {Partial<import("../src/frame.js").Current>} [rest]
 */
export const current = (version, rest = {}) => ({ type: "current", board: "global", season: "all", epoch: "k3v9", version, ...rest });

/** A socket whose other end is the test. */
export class FakeSocket {
  /** @type {((event: any) => void) | null} */ onopen = null;
  /** @type {((event: any) => void) | null} */ onmessage = null;
  /** @type {((event: any) => void) | null} */ onclose = null;
  /** @type {((event: any) => void) | null} */ onerror = null;
  /** @type {any[]} the messages of the client */
  sent = [];
  isClosed = false;

  /** @param {string} url */
  constructor(url) {
    this.url = url;
  }

  /** @param {string} text */
  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close() {
    this.isClosed = true;
  }

  open() {
    this.onopen?.({});
  }

  /** @param {...unknown} frames */
  receive(...frames) {
    for (const frame of frames) this.onmessage?.({ data: typeof frame === "string" ? frame : JSON.stringify(frame) });
  }

  /** The network ends it. */
  drop() {
    this.onerror?.({});
    this.onclose?.({ code: 1006 });
  }

  get subscribes() {
    return this.sent.filter(({ action }) => action === "subscribe");
  }

  get pings() {
    return this.sent.filter(({ action }) => action === "ping").length;
  }
}

/** One client, and everything around it. */
export class Stage {
  time = new VirtualTime(START);
  page = new FakePage();
  /** @type {FakeSocket[]} */
  sockets = [];
  /** @type {{url: string, headers: Headers, signal: AbortSignal, answer: (status: number, body?: unknown, headers?: Record<string, string>) => void, fail: () => void}[]} */
  requests = [];
  /** @type {Board[]} */
  shown = [];
  /** @type {Changes[]} */
  changes = [];
  /** @type {string[]} */
  states = [];
  /** @type {Status[]} as the listener got them */
  statuses = [];
  /** @type {Problem[]} */
  problems = [];
  /** Half of every jitter. */
  chance = 0.5;

  /**
   * @param {Options} [options]
   * @param {number} [clockError] how wrong the client's clock is
   */
  constructor(options = {}, clockError = 0) {
    const { sockets, time } = this;
    this.client = createLeaderboard({
      socket: "wss://example.test/dev",
      WebSocket: class extends FakeSocket {
        /** @param {string} url */
        constructor(url) {
          super(url);
          sockets.push(this);
        }
      },
      fetch: (input, init) =>
        new Promise((resolve, reject) => {
          const signal = /** @type {AbortSignal} */ (init?.signal);
          signal.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
          this.requests.push({
            url: String(input),
            headers: new Headers(init?.headers),
            signal,
            answer: (status, body, headers) => resolve(response(status, body ?? new SyntaxError("no body"), headers)),
            fail: () => reject(new TypeError("fetch failed")),
          });
        }),
      page: this.page,
      now: () => time.now() + clockError,
      random: () => this.chance,
      setTimeout: time.setTimeout,
      clearTimeout: time.clearTimeout,
      ...options,
    });
    this.client.on("status", ({ state }) => state !== this.states.at(-1) && this.states.push(state));
    this.client.on("status", (status) => this.statuses.push(status));
    /** Removes the listener for problems. */
    this.ignoreProblems = this.client.on("problem", (problem) => this.problems.push(problem));
  }

  get socket() {
    return this.sockets[this.sockets.length - 1];
  }

  get request() {
    return this.requests[this.requests.length - 1];
  }

  get versions() {
    return this.shown.map(({ version }) => version);
  }

  /** @param {string} [board] */
  subscribe(board = "global") {
    return this.client.subscribe(board, (shown, changes) => {
      this.shown.push(shown);
      this.changes.push(changes);
    });
  }

  /**
   * Subscribed, connected, and answered with version 1.
   * @param {Parameters<typeof snapshot>[1]} [rest]
   */
  live(rest) {
    this.subscribe();
    this.socket.open();
    this.socket.receive(this.pong(), snapshot(1, rest));
    return this;
  }

  /** @param {Record<string, object>} [boards] */
  pong(boards = {}) {
    return { type: "pong", serverTime: rfc3339(this.time.now()), boards };
  }

  /** From now on every ping is answered a moment later, with what the client holds. */
  answerPings() {
    /** @type {Map<FakeSocket, number>} */
    const answered = new Map();
    const answer = () => {
      const held = this.client.board("global");
      for (const socket of this.sockets) {
        if (socket.pings > (answered.get(socket) ?? 0)) socket.receive(this.pong(held ? { global: current(held.version, held) } : {}));
        answered.set(socket, socket.pings);
      }
      this.time.after(100, answer);
    };
    answer();
    return this;
  }

  /** The codes of the problems that were reported. */
  get codes() {
    return this.problems.map(({ code }) => code);
  }

  /** The codes of the problems that are not solved yet. */
  get unsolved() {
    return this.client.status.problems.map(({ code }) => code);
  }

  /** Waits for the read after the latest one. */
  async nextRead() {
    const { length } = this.requests;
    for (let waited = 0; this.requests.length === length && waited < 120_000; waited += 50) await this.wait(50);
    return this.request;
  }

  /**
   * Sockets are refused at the handshake, which a page cannot tell from an outage.
   * @param {number} times
   */
  async refuse(times) {
    for (let attempt = 0; attempt < times; attempt += 1) {
      const { length } = this.sockets;
      this.socket.drop();
      for (let waited = 0; this.sockets.length === length && waited < 60_000; waited += 50) await this.wait(50);
    }
  }

  /** @param {number} milliseconds */
  async wait(milliseconds) {
    await this.time.run(this.time.now() + milliseconds);
  }
}

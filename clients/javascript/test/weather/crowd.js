/**
 * Many clients of one board in virtual time, whose sockets all end at one moment, and a gateway that lets so many new
 * connections in a second. `node test/weather/crowd.js` shows when they come back.
 */

import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, workerData } from "node:worker_threads";
import { loadReads, loadRemedies } from "../../src/loaded.js";
import { createLeaderboard } from "../../src/index.js";
import { response } from "./network.js";
import { Random } from "./random.js";
import { VirtualTime } from "./time.js";

// As in a page that has been open for a moment.
await Promise.all([loadReads(), loadRemedies()]);

/**
 * Times in milliseconds since the sockets ended: of connections tried, of those let in, of reads over HTTP.
 * @typedef {{attempts: number[], admissions: number[], reads: number[], back: number}} Return
 */

/**
 * `admitted`: connections let in a second, and at once; `chance`: what every random number is, if they are all the same.
 * @typedef {{clients: number, admitted: number, chance?: number}} Crowd
 */

const START = Date.UTC(2026, 10, 23, 8);
const TOP = { board: "global", season: "all", epoch: "k3v9", version: 1, total: 0, endsAt: null, entries: [] };
/** They are all there, and have been for long enough, when it happens. */
const LOST_AFTER = 60_000;
const PATIENCE = 30 * 60_000;
const LATENCY = 20;

/**
 * Gathers a crowd, takes its sockets away, and waits until everybody is back.
 * @param {Crowd} crowd
 * @returns {Promise<Return>}
 */
export async function gather({ clients, admitted, chance }) {
  const random = chance === undefined ? new Random(1).next : () => chance;
  const gateway = new Gateway(admitted);
  const { found, lostAt, time } = gateway;
  const crowd = Array.from({ length: clients }, () => follow(gateway, random));
  await time.run(lostAt);
  const lost = [...gateway.open];
  gateway.open.clear();
  time.after(1, () => lost.forEach((socket) => socket.onclose?.({ code: 1006 })));
  await time.run(lostAt + 2);
  await time.run(lostAt + PATIENCE, () => found.admissions.length >= clients && crowd.every(isLive));
  found.back = crowd.filter(isLive).length;
  for (const client of crowd) client.close();
  return found;
}

/** Lets in so many connections a second, after all sockets were lost, and counts. */
class Gateway {
  time = new VirtualTime(START);
  lostAt = START + LOST_AFTER;
  /** @type {Return} */
  found = { attempts: [], admissions: [], reads: [], back: 0 };
  /** @type {Set<CrowdSocket>} */
  open = new Set();
  #admitted;
  #tokens;
  #filledAt = this.lostAt;

  /** @param {number} admitted a second, and at once */
  constructor(admitted) {
    this.#admitted = this.#tokens = admitted;
  }

  /** Whether the next connection is let in. */
  admits() {
    const now = this.time.now();
    if (now < this.lostAt) return true;
    this.#tokens = Math.min(this.#admitted, this.#tokens + ((now - this.#filledAt) / 1_000) * this.#admitted);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /**
   * Notes something that happened after the sockets were lost.
   * @param {"attempts" | "admissions" | "reads"} what
   */
  note(what) {
    if (this.time.now() > this.lostAt) this.found[what].push(this.time.now() - this.lostAt);
  }
}

/** A socket of one client of the crowd. */
class CrowdSocket {
  /** @type {((event: any) => void) | null} */ onopen = null;
  /** @type {((event: any) => void) | null} */ onmessage = null;
  /** @type {((event: any) => void) | null} */ onclose = null;
  /** @type {((event: any) => void) | null} */ onerror = null;
  #gateway;

  /** @param {Gateway} gateway */
  constructor(gateway) {
    this.#gateway = gateway;
    gateway.note("attempts");
    gateway.time.after(LATENCY, () => {
      if (!gateway.admits()) return this.onclose?.({ code: 1006 });
      gateway.note("admissions");
      gateway.open.add(this);
      this.onopen?.({});
    });
  }

  /** @param {string} text */
  send(text) {
    const { action, have } = JSON.parse(text);
    const { season, epoch, version } = TOP;
    const place = { season, epoch, version };
    const { time } = this.#gateway;
    const pong = { type: "pong", serverTime: new Date(time.now()).toISOString(), boards: { global: place } };
    const answer = have ? { type: "current", board: "global", ...place } : { type: "snapshot", ...TOP };
    time.after(LATENCY, () => this.onmessage?.({ data: JSON.stringify(action === "ping" ? pong : answer) }));
  }

  close() {
    this.#gateway.open.delete(this);
  }
}

/**
 * One client of the crowd.
 * @param {Gateway} gateway
 * @param {() => number} random
 */
function follow(gateway, random) {
  const { time } = gateway;
  const client = createLeaderboard({
    socket: "wss://example.test/dev",
    http: "https://example.test",
    WebSocket: class extends CrowdSocket {
      constructor() {
        super(gateway);
      }
    },
    fetch: async () => {
      gateway.note("reads");
      return response(200, TOP);
    },
    page: null,
    now: time.now,
    random,
    setTimeout: time.setTimeout,
    clearTimeout: time.clearTimeout,
  });
  client.subscribe("global", () => {});
  return client;
}

/** @param {import("../../src/index.js").Leaderboard} client */
const isLive = ({ status }) => status.state === "live";

/**
 * A line for each second until the last is let in, with what was tried, let in and read.
 * @param {Return} found
 */
export function histogram({ attempts, admissions, reads }) {
  const seconds = Math.floor(Math.max(...admissions) / 1_000) + 1;
  /** @param {number[]} times @param {number} second */
  const within = (times, second) => times.filter((at) => Math.floor(at / 1_000) === second).length;
  const rows = Array.from({ length: seconds }, (_, second) => ({
    second,
    attempts: within(attempts, second),
    admissions: within(admissions, second),
    reads: within(reads, second),
  }));
  const column = (/** @type {string | number} */ value) => String(value).padStart(7);
  return [
    ["second", "tried", "let in", "read"].map(column).join(""),
    ...rows.map((row) => [row.second, row.attempts, row.admissions, row.reads].map(column).join("") + "  " + "=".repeat(Math.ceil(row.attempts / 100))),
  ];
}

// In a thread of its own, as the storms are.
if (!isMainThread) parentPort?.postMessage(await gather(workerData));
else if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const clients = Number(process.env.CLIENTS ?? 10_000);
  const admitted = Number(process.env.ADMITTED ?? 500);
  console.log(histogram(await gather({ clients, admitted })).join("\n"));
}

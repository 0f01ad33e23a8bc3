/** One run in bad weather over real sockets and real HTTP, in Node or in a browser, against `server.js`. */

import { loadReads, loadRemedies } from "../../src/loaded.js";
import { createLeaderboard } from "../../src/index.js";
import { Random } from "./random.js";
import { Witness } from "./witness.js";

// As in a page that has been open for a moment.
await Promise.all([loadReads(), loadRemedies()]);

/** @typedef {import("../../src/index.js").Options} Options */

/** The client's durations, hurried as the weather is. */
const TIMING = {
  openTimeout: 800,
  answerTimeout: 400,
  pingAfter: 330,
  pingInterval: 500,
  doubtAfter: 50,
  pongTimeout: 500,
  probeTimeout: 300,
  lifetime: 700,
  lifetimeJitter: 400,
  reconnectBase: 20,
  reconnectCap: 800,
  settledAfter: 300,
  askBase: 15,
  askCap: 200,
  rollJitter: 60,
  pollAfter: 150,
  pollInterval: 120,
  pollCap: 500,
  fetchTimeout: 600,
  cacheAllowance: 60,
  hiddenAfter: 60_000,
  linger: 50,
};
const PATIENCE = 60_000;

/**
 * @param {number} seed
 * @param {{http: string, socket: string, WebSocket?: Options["WebSocket"]}} server
 * @returns {Promise<{seed: number, wrongs: string[], shown: number}>}
 */
export async function sail(seed, { http, socket, WebSocket }) {
  const run = `/runs/${seed}`;
  await fetch(http + run, { method: "POST" });
  const { boards } = await history();
  /** @type {Record<string, import("./service.js").Record[]>} */
  let records = boards;
  /** @type {Map<string, Parameters<Witness["see"]>[]>} */
  const seen = new Map();
  const client = createLeaderboard({ http: http + run, socket: socket + run, WebSocket, random: new Random(seed + 1e9).next, timing: TIMING });
  for (const name of Object.keys(boards)) {
    seen.set(name, []);
    client.subscribe(name, (...shown) => seen.get(name)?.push(shown));
  }

  const wrongs = [];
  const start = Date.now();
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const { over, blocked, boards: latest } = await history();
    records = latest;
    const { state, staleSince } = client.status;
    const isFinal = Object.entries(latest).every(([name, recorded]) => isSame(seen.get(name)?.at(-1)?.[0], recorded[recorded.length - 1]));
    if (over && isFinal && staleSince === null && state === (blocked ? "polling" : "live")) break;
    if (Date.now() - start > PATIENCE) {
      wrongs.push(`not final: ${JSON.stringify(client.status)}`);
      break;
    }
  }
  client.close();

  let shown = 0;
  for (const [name, boardsSeen] of seen) {
    const witness = new Witness(() => records[name]);
    for (const each of boardsSeen) witness.see(...each);
    wrongs.push(...witness.wrongs);
    shown += witness.shown;
  }
  return { seed, wrongs, shown };

  /** @returns {Promise<{over: boolean, blocked: boolean, boards: Record<string, import("./service.js").Record[]>}>} */
  async function history() {
    return (await fetch(http + run)).json();
  }
}

/**
 * @param {{season: string, epoch: string | null, version: number} | undefined} a
 * @param {{season: string, epoch: string | null, version: number}} b
 */
function isSame(a, b) {
  return a?.season === b.season && a.epoch === b.epoch && a.version === b.version;
}

/**
 * Runs in parallel, a few at a time.
 * @param {{seeds: number[], atOnce: number}} plan
 * @param {(seed: number) => Promise<{seed: number, wrongs: string[], shown: number}>} run
 */
export async function runAll({ seeds, atOnce }, run) {
  const waiting = [...seeds];
  const total = { runs: 0, shown: 0, wrongs: /** @type {string[]} */ ([]) };
  const lane = async () => {
    for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
      const { shown, wrongs } = await run(seed);
      total.runs += 1;
      total.shown += shown;
      total.wrongs.push(...wrongs.map((wrong) => `seed ${seed}: ${wrong}`));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return total;
}

/** Bad weather in virtual time, over an in-memory network: `STORMS=20000 npm test` for more, `FROM=5000` for others. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { createLeaderboard } from "../src/index.js";
import { Network } from "./weather/network.js";
import { Random } from "./weather/random.js";
import { Service } from "./weather/service.js";
import { ride } from "./weather/storm.js";
import { VirtualTime } from "./weather/time.js";
import { Weather } from "./weather/weather.js";

const STORMS = Number(process.env.STORMS ?? 2_500);
const FROM = Number(process.env.FROM ?? 1);

test(`in ${STORMS} storms every board shown was recorded, none went back, and the last was the final one`, async (context) => {
  const seeds = Array.from({ length: STORMS }, (_, index) => FROM + index);
  const halves = [0, 1].map((half) => seeds.filter((_, index) => index % 2 === half));
  const totals = await Promise.all(halves.map(rideAll));
  const shown = totals.reduce((sum, total) => sum + total.shown, 0);
  context.diagnostic(`${STORMS} storms, ${shown} boards shown`);
  assert.deepEqual(totals.flatMap(({ wrongs }) => wrongs), []);
  assert.equal(totals.reduce((sum, total) => sum + total.runs, 0), STORMS);
  assert.ok(shown > 20 * STORMS);
});

/**
 * @param {number[]} seeds
 * @returns {ReturnType<typeof import("./weather/voyage.js").runAll>}
 */
function rideAll(seeds) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./weather/storm_worker.js", import.meta.url), { workerData: seeds });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

test("seed decides the whole storm", async () => {
  assert.deepEqual(await ride(7), await ride(7));
});

test("neither the gateway's two hours nor its idle limit ever strike in a quiet day", async () => {
  const random = new Random(1);
  const time = new VirtualTime(Date.UTC(2026, 10, 23));
  const weather = new Weather({ random, time, scale: 1 });
  Object.assign(weather, { calm: true, blocked: false });
  const service = new Service({ random, time, rules: [{ name: "global", topSize: 3, users: 5, seasons: [1], frameInterval: 250 }] });
  const network = new Network({ service, weather, time });
  /** @type {string[]} */
  const states = [];
  const client = createLeaderboard({
    socket: "wss://example.test",
    WebSocket: network.WebSocket,
    page: null,
    now: time.now,
    random: random.next,
    setTimeout: time.setTimeout,
    clearTimeout: time.clearTimeout,
  });
  client.on("status", ({ state }) => state !== states.at(-1) && states.push(state));
  client.subscribe("global", () => {});
  await time.run(time.now() + 24 * 3_600_000);
  assert.equal(network.struck, 0);
  assert.deepEqual(states, ["connecting", "live"]);
  assert.ok(network.connections >= 12 && network.connections <= 14, String(network.connections));
  assert.equal(network.mostOpen, 2);
  client.close();
});

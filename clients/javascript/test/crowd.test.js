/** A crowd that loses the service at one moment does not come back at one moment: `npm run crowd` shows how it does. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { histogram } from "./weather/crowd.js";

const CLIENTS = 10_000;
/** New connections that API Gateway lets in a second, and at once. */
const ADMITTED = 500;
/** The least time in which it can let them all in, in milliseconds. */
const LEAST = (CLIENTS / ADMITTED - 1) * 1_000;

test(`${CLIENTS} clients that lose their sockets at once come back spread out, about as fast as the gateway lets them`, async (context) => {
  const spread = await gather({ clients: CLIENTS, admitted: ADMITTED });
  for (const line of histogram(spread)) context.diagnostic(line);
  assert.equal(spread.back, CLIENTS);
  // The first waits are within a second: a tenth of it has its share, and some of those who try again already.
  const busiest = Math.max(...count(spread.attempts, 100).values());
  assert.ok(busiest < (1.5 * CLIENTS) / 10, String(busiest));
  // What it takes is what the gateway's limit makes it take, not the waiting.
  const last = Math.max(...spread.admissions);
  assert.ok(last < 4 * LEAST, String(last));
  // Whoever waits long reads over HTTP, and those reads are no wave either.
  const reads = Math.max(...count(spread.reads, 100).values());
  assert.ok(reads < CLIENTS / 30, String(reads));
  assert.ok(spread.attempts.length < 9 * CLIENTS, String(spread.attempts.length));
});

test("without chance they would come in lumps, and take many times as long", async () => {
  const lumped = await gather({ clients: CLIENTS / 10, admitted: ADMITTED / 10, chance: 0.999 });
  const busiest = Math.max(...count(lumped.attempts, 100).values());
  assert.equal(busiest, CLIENTS / 10);
  assert.ok(Math.max(...lumped.admissions) > 15 * LEAST);
});

/**
 * @param {import("./weather/crowd.js").Crowd} crowd
 * @returns {Promise<import("./weather/crowd.js").Return>}
 */
function gather(crowd) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./weather/crowd.js", import.meta.url), { workerData: crowd });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

/**
 * @param {number[]} times
 * @param {number} width
 */
function count(times, width) {
  const counts = new Map();
  for (const time of times) counts.set(Math.floor(time / width), (counts.get(Math.floor(time / width)) ?? 0) + 1);
  return counts;
}

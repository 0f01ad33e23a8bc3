/** Bad weather over real sockets and real HTTP: `VOYAGES=2000 npm test` for more, `FROM=5000` for others. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { WebSocket } from "ws";
import { startWeather } from "./weather/server.js";
import { runAll, sail } from "./weather/voyage.js";

const VOYAGES = Number(process.env.VOYAGES ?? 200);
/** A machine that is busy with other things keeps up with no more in a hurried minute. */
const AT_ONCE = 15;
const FROM = Number(process.env.FROM ?? 1);

test(`on ${VOYAGES} voyages every board shown was recorded, none went back, and the last was the final one`, async (context) => {
  const server = await startWeather();
  context.after(server.close);
  const seeds = Array.from({ length: VOYAGES }, (_, index) => FROM + index);
  const { runs, shown, wrongs } = await runAll({ seeds, atOnce: AT_ONCE }, (seed) => sail(seed, { ...server, WebSocket }));
  context.diagnostic(`${runs} voyages, ${shown} boards shown`);
  assert.deepEqual(wrongs, []);
  assert.ok(shown > 5 * runs);
});

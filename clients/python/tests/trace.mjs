/**
 * Writes down what the JavaScript client's session did in storms: each event, the random numbers, and the effects. One line
 * of JSON a storm, for its twin to do the same. `node trace.mjs FROM COUNT`
 */

import { createLeaderboard } from "../../javascript/src/index.js";
import { Session } from "../../javascript/src/session.js";
import { timing as standard } from "../../javascript/src/timing.js";
import { ride } from "../../javascript/test/weather/storm.js";

const [from, count] = process.argv.slice(2).map(Number);

/** @type {number[]} */
let drawn = [];
/** @type {unknown[][]} */
let steps = [];

/** Durations for every second storm: connections grow old in it, and waits reach their caps. */
const HURRIED = { lifetime: 20_000, lifetimeJitter: 20_000, settledAfter: 3_000, askCap: 2_000, pollCap: 7_000, cacheAllowance: 500 };

const { step } = Session.prototype;
Session.prototype.step = function (event, now) {
  const effects = step.call(this, event, now);
  // A page loads parts of its client later. Here they are there before the first event.
  if (event.type === "loaded" && steps.length === 0 && effects.length === 0) return effects;
  // Written down now, since the answer of a read changes when it becomes a board.
  steps.push(JSON.parse(JSON.stringify([event, now, drawn, effects, this.due, this.offset])));
  drawn = [];
  return effects;
};

/** @param {string} line */
const write = (line) => new Promise((resolve) => process.stdout.write(`${line}\n`, resolve));

for (let seed = from; seed < from + count; seed += 1) {
  let http = false;
  const timing = seed % 2 ? standard : { ...standard, ...HURRIED };
  steps = [];
  drawn = [];
  const { wrongs } = await ride(seed, {
    // Servers have no page that is hidden, and no browser that knows of the network.
    create: (options) => {
      const random = /** @type {() => number} */ (options.random);
      http = options.http !== undefined;
      return createLeaderboard({
        ...options,
        page: null,
        timing,
        random: () => {
          const lot = random();
          drawn.push(lot);
          return lot;
        },
      });
    },
  });
  await write(JSON.stringify({ seed, http, timing, wrongs, steps }));
}

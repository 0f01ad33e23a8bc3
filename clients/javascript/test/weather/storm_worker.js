/** Storms in a thread of their own: the test runner follows every promise, which makes virtual time three times slower. */

import { parentPort, workerData } from "node:worker_threads";
import { ride } from "./storm.js";
import { runAll } from "./voyage.js";

parentPort?.postMessage(await runAll({ seeds: workerData, atOnce: 1 }, ride));

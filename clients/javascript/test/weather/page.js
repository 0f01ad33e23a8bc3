/**
 * The bad weather suite in a browser. `page.html?storms=500&voyages=20`; when it is done, `document.documentElement`
 * has `data-done`, and `window.weather` resolves to `{storms, voyages}`, each `{runs, shown, wrongs}`.
 */

import { ride } from "./storm.js";
import { runAll, sail } from "./voyage.js";

const query = new URLSearchParams(location.search);
const seeds = (/** @type {string} */ name, /** @type {number} */ count) =>
  Array.from({ length: Number(query.get(name) ?? count) }, (_, index) => index + 1 + Number(query.get("from") ?? 0));
const output = /** @type {HTMLOutputElement} */ (document.querySelector("output"));

async function weather() {
  const storms = await runAll({ seeds: seeds("storms", 500), atOnce: 1 }, ride);
  const server = { http: location.origin, socket: location.origin.replace(/^http/, "ws") };
  const voyages = await runAll({ seeds: seeds("voyages", 20), atOnce: 4 }, (seed) => sail(seed, server));
  output.textContent = JSON.stringify({ storms, voyages });
  document.documentElement.dataset.done = String(storms.wrongs.length + voyages.wrongs.length === 0);
  return { storms, voyages };
}

Object.assign(window, { weather: weather() });

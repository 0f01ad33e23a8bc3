/**
 * The winners of a season on their steps, with their scores and how far apart they are.
 */

/** @typedef {import("./client/index.js").Entry} Entry */
/** @typedef {import("./rules.js").Format} Format */

import { make } from "./elements.js";
import { text } from "./texts/index.js";
import { amount, count } from "./words.js";

/** How many stand on the steps. */
export const STEPS = 3;

/**
 * The steps, as the items of a list.
 * @param {readonly Entry[]} entries the final standings, the winner first
 * @param {Format | undefined} format
 * @param {string | null} [own] the player, who is marked
 */
export function steps(entries, format, own = null) {
  const [winner, second] = entries;
  return entries.slice(0, STEPS).map((entry) => {
    const { place, rank, userId, userName, userScore } = entry;
    const shown = place ?? rank ?? 1;
    return make(
      "li",
      { class: "step", "data-place": String(shown), ...(userId === own ? { "aria-current": "true" } : {}) },
      make("span", { class: "step-place" }, count(shown)),
      make("bdi", { class: "name", title: userName }, userName),
      make("span", { class: "points" }, amount(userScore, format)),
      make("span", { class: "gap" }, gap(entry, entry === winner ? second : winner, entry === winner, format)),
    );
  });
}

/**
 * How far apart two are.
 * @param {Entry} entry
 * @param {Entry | undefined} other
 * @param {boolean} wins
 * @param {Format | undefined} format
 */
function gap(entry, other, wins, format) {
  if (!other) return "";
  const points = Math.abs(entry.userScore - other.userScore);
  if (points === 0) return text("seasons.level");
  return text(wins ? "board.ahead" : "seasons.behind", { points: amount(points, format) });
}

/** What the element says happened to a line. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Bars, distanceOf, storyOf, wayOut } from "../src/element_story.js";

/**
 * @param {number} rank
 * @param {number} userScore
 * @param {Partial<import("../src/frame.js").Entry>} [more]
 */
const entry = (rank, userScore, more) => ({ rank, place: rank, userId: `u${rank}`, userName: `U${rank}`, userScore, scoreUpdatedAt: "", ...more });
/** @type {{order: "desc", shares: boolean}} */
const desc = { order: "desc", shares: false };

test("a gain is a gain and a loss a loss, where lower is better too", () => {
  const kind = (/** @type {number} */ from, /** @type {number} */ to, /** @type {"asc" | "desc"} */ order) =>
    storyOf(entry(2, from), entry(2, to), { order, shares: false }).score;
  assert.deepEqual(kind(5, 9, "desc"), { kind: "gained", by: 4 });
  assert.deepEqual(kind(9, 5, "desc"), { kind: "lost", by: -4 });
  assert.deepEqual(kind(-5, -9, "desc"), { kind: "lost", by: -4 });
  assert.deepEqual(kind(9, 5, "asc"), { kind: "gained", by: -4 });
  assert.deepEqual(kind(5, 9, "asc"), { kind: "lost", by: 4 });
  assert.equal(kind(5, 5, "desc"), null);
});

test("entry, lead, climb, fall, tie and new name are told apart", () => {
  assert.deepEqual(storyOf(null, entry(4, 1), desc).move, { kind: "entered" });
  assert.deepEqual(storyOf(null, entry(1, 1), desc).move, { kind: "leads" });
  assert.deepEqual(storyOf(entry(3, 1), entry(1, 9), desc).move, { kind: "leads" });
  assert.deepEqual(storyOf(entry(4, 1), entry(2, 9), desc).move, { kind: "up", by: 2 });
  assert.deepEqual(storyOf(entry(2, 9), entry(3, 9), desc).move, { kind: "down", by: 1 });
  assert.deepEqual(storyOf(entry(3, 8), entry(2, 9), { ...desc, shares: true }).move, { kind: "tied" });
  assert.deepEqual(storyOf(entry(2, 9), entry(2, 9, { userName: "New" }), desc), { move: null, score: null, renamed: true });
  // Who was there before another tied has done nothing.
  assert.equal(storyOf(entry(2, 9), entry(2, 9), { ...desc, shares: true }).move, null);
  // A rank that was not known says nothing of a climb.
  assert.equal(storyOf(entry(2, 9, { rank: null }), entry(2, 9), desc).move, null);
});

test("who is pushed off the end goes otherwise than who is taken out", () => {
  assert.equal(wayOut(entry(10, 3), entry(10, 5), "desc"), "pushed");
  assert.equal(wayOut(entry(2, 9), entry(9, 5), "desc"), "removed");
  assert.equal(wayOut(entry(10, 9), entry(10, 5), "asc"), "pushed");
  assert.equal(wayOut(entry(1, 9), undefined, "desc"), "removed");
});

test("the next place is that of the next better score, and the leader is ahead of the second", () => {
  const entries = [entry(1, 30), entry(2, 20), { ...entry(3, 20), place: 2 }, entry(4, 12)];
  assert.deepEqual(distanceOf(entries, "u4"), { points: 8, place: 2 });
  assert.deepEqual(distanceOf(entries, "u3"), { points: 10, place: 1 });
  assert.deepEqual(distanceOf(entries, "u1"), { points: 10, ahead: true });
  assert.equal(distanceOf(entries, "nobody"), null);
  assert.equal(distanceOf([entry(1, 30)], "u1"), null);
});

test("bars say something or are not there", () => {
  const lengths = (/** @type {number[]} */ scores, /** @type {"asc" | "desc"} */ order = "desc") =>
    new Bars().lengths(scores.map((score, index) => entry(index + 1, score)), order);
  assert.deepEqual(lengths([100, 50, 25]), [1, 0.5, 0.25]);
  assert.equal(lengths([1500, 1480, 1450]), null);
  assert.equal(lengths([10, 5, -5]), null);
  assert.equal(lengths([-5, -10]), null);
  assert.equal(lengths([5_000, 60_000], "asc"), null);
  assert.equal(lengths([7]), null);
  assert.equal(lengths([]), null);
});

test("no bar grows by a loss, neither the leader's nor another's", () => {
  const bars = new Bars();
  assert.deepEqual(bars.lengths([entry(1, 100), entry(2, 50)], "desc"), [1, 0.5]);
  assert.deepEqual(bars.lengths([entry(1, 80), entry(2, 50)], "desc"), [0.8, 0.5]);
  // The first one has left: the rest has the room, at once.
  assert.deepEqual(bars.lengths([entry(1, 40), entry(2, 10)], "desc"), [1, 0.25]);
  assert.ok(bars.rescaled);
});

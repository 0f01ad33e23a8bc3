import assert from "node:assert/strict";
import { test } from "node:test";
import { applyUpdate, changesBetween, compare, fromSnapshot } from "../src/board.js";
import { fullJitter } from "../src/backoff.js";
import { steadyClock } from "../src/clock.js";
import { entry, snapshot, update } from "./stage.js";

const three = [entry("ann", 1, 30), entry("bob", 2, 20), entry("cid", 3, 10)];
const board = fromSnapshot(snapshot(41, { entries: three, total: 1204, endsAt: "2026-11-30T00:00:00.000Z" }));

test("update drops, puts and sorts by rank", () => {
  const next = applyUpdate(board, update(41, 43, { remove: ["bob"], upsert: [entry("dan", 1, 40), entry("ann", 2, 30)], total: 1205 }));
  assert.deepEqual(next?.entries, [entry("dan", 1, 40), entry("ann", 2, 30), entry("cid", 3, 10)]);
  assert.deepEqual([next?.version, next?.total, next?.endsAt], [43, 1205, "2026-11-30T00:00:00.000Z"]);
});

test("empty update moves the version alone", () => {
  const next = applyUpdate(board, update(41, 42, { upsert: [], scoredAt: null }));
  assert.deepEqual(next?.entries, board.entries);
  assert.equal(next?.version, 42);
  assert.equal(next?.scoredAt, board.scoredAt);
});

test("update that would give two users one rank is refused", () => {
  assert.equal(applyUpdate(board, update(41, 42, { upsert: [entry("dan", 2, 25)] })), null);
});

test("entries without a rank keep the order they came in", () => {
  const unranked = three.map((each) => ({ ...each, rank: null }));
  const degraded = fromSnapshot(snapshot(1, { entries: unranked }));
  assert.deepEqual(applyUpdate(degraded, update(1, 2, { upsert: [] }))?.entries, unranked);
});

test("snapshot is scored at its newest score", () => {
  assert.equal(board.scoredAt, three[2].scoreUpdatedAt);
  assert.equal(fromSnapshot(snapshot(0, { entries: [] })).scoredAt, null);
});

test("boards are frozen", () => {
  assert.ok(Object.isFrozen(board) && Object.isFrozen(board.entries) && board.entries.every(Object.isFrozen));
});

test("changes name who entered, left, moved and scored", () => {
  const after = fromSnapshot(snapshot(42, { entries: [entry("dan", 1, 40), entry("ann", 2, 35), entry("cid", 3, 10)] }));
  assert.deepEqual(changesBetween(board, after), {
    since: { season: "all", epoch: "k3v9", version: 41 },
    entered: [entry("dan", 1, 40)],
    left: [entry("bob", 2, 20)],
    moved: [{ entry: entry("ann", 2, 35), from: 1, to: 2 }],
    scored: [{ entry: entry("ann", 2, 35), from: 30, to: 35 }],
  });
});

test("first board has no changes", () => {
  assert.deepEqual(changesBetween(null, board), { since: null, entered: [], left: [], moved: [], scored: [] });
});

test("places are ordered by season, then by version within an epoch", () => {
  const place = (/** @type {string} */ season, /** @type {string | null} */ epoch, /** @type {number} */ version) => ({ season, epoch, version });
  assert.equal(compare(place("all", "a", 2), place("all", "a", 1)), "newer");
  assert.equal(compare(place("all", "a", 1), place("all", "a", 1)), "same");
  assert.equal(compare(place("all", "a", 1), place("all", "a", 10)), "older");
  assert.equal(compare(place("all", "b", 9), place("all", "a", 1)), "apart");
  assert.equal(compare(place("2026-W48", "b", 1), place("2026-W47", "a", 9)), "newer");
  assert.equal(compare(place("2026-W09", "a", 9), place("2026-W10", "b", 1)), "older");
  assert.equal(compare(place("2027-01", "a", 1), place("2026-12", "b", 9)), "newer");
  assert.equal(compare(place("2026-11-23", "a", 1), place("all", "b", 9)), "apart");
});

test("any version comes after a board that has no score yet", () => {
  const empty = { season: "all", epoch: null, version: 0 };
  assert.equal(compare({ season: "all", epoch: "a", version: 1 }, empty), "newer");
  assert.equal(compare(empty, empty), "same");
});

test("full jitter draws from nothing up to a doubling limit, at most the cap", () => {
  const limits = { base: 500, cap: 30_000 };
  assert.equal(fullJitter(() => 0, { attempt: 9, ...limits }), 0);
  assert.equal(fullJitter(() => 0.5, { attempt: 0, ...limits }), 250);
  assert.equal(fullJitter(() => 0.5, { attempt: 3, ...limits }), 2_000);
  assert.equal(fullJitter(() => 0.5, { attempt: 2_000, ...limits }), 15_000);
});

test("clock counts on when the wall clock is set back", () => {
  let wall = 1_000;
  const clock = steadyClock(() => wall);
  wall = 1_500;
  assert.equal(clock(), 1_500);
  wall = 100;
  assert.equal(clock(), 1_500);
  wall = 150;
  assert.equal(clock(), 1_550);
});

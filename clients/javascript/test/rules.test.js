/** The rules for snapshots and updates, one by one, through the whole client. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { current, entry, snapshot, Stage, update } from "./stage.js";

/** Longer than the first wait of a backoff. */
const SOON = 1_000;

const have = (/** @type {number} */ version, epoch = "k3v9") => ({ action: "subscribe", board: "global", have: { epoch, version } });

test("client subscribes when the socket opens, and shows the snapshot", () => {
  const stage = new Stage();
  stage.subscribe();
  stage.socket.open();
  assert.deepEqual(stage.socket.sent, [{ action: "ping" }, { action: "subscribe", board: "global" }]);
  const sent = snapshot(41, { since: "2026-11-23T00:00:00.000Z", entries: [{ ...entry("ann", 1, 1041), was: 2 }, { ...entry("bob", 2, 41), was: null }] });
  stage.socket.receive(sent);
  const { type: _type, ...top } = sent;
  assert.deepEqual(stage.shown, [{ ...top, scoredAt: top.entries[1].scoreUpdatedAt }]);
  assert.deepEqual(stage.changes, [{ since: null, entered: [], left: [], moved: [], scored: [] }]);
});

test("update says the ranks of the same midnight; without one nothing is known of it", () => {
  const since = "2026-11-23T00:00:00.000Z";
  const stage = new Stage().live();
  assert.equal(stage.shown[0].since, null);
  stage.socket.receive(snapshot(2, { since }));
  stage.socket.receive(update(2, 3, { since, upsert: [{ ...entry("dan", 3, 1), was: 1 }] }));
  assert.deepEqual([stage.shown[2].since, stage.shown[2].entries[2].was], [since, 1]);
});

test("update from the held version is applied", () => {
  const stage = new Stage().live();
  stage.socket.receive(update(1, 3, { remove: ["bob"], upsert: [entry("dan", 1, 2000), entry("ann", 2, 1001)] }));
  assert.deepEqual(stage.shown[1].entries, [entry("dan", 1, 2000), entry("ann", 2, 1001)]);
  assert.deepEqual([stage.shown[1].version, stage.shown[1].total], [3, 3]);
  assert.deepEqual(stage.changes[1].moved, [{ entry: entry("ann", 2, 1001), from: 1, to: 2 }]);
});

test("update of the total alone is shown, and changes no entry", () => {
  const stage = new Stage().live();
  stage.socket.receive(update(1, 2, { upsert: [], total: 101, scoredAt: null }));
  assert.deepEqual([stage.shown[1].version, stage.shown[1].total], [2, 101]);
  assert.deepEqual(stage.shown[1].entries, stage.shown[0].entries);
  assert.equal(stage.shown[1].scoredAt, stage.shown[0].scoredAt);
  const since = { season: "all", epoch: "k3v9", version: 1 };
  assert.deepEqual(stage.changes[1], { since, entered: [], left: [], moved: [], scored: [] });
});

test("version that the client has is ignored", async () => {
  const stage = new Stage().live();
  stage.socket.receive(update(1, 3), update(1, 3), update(1, 2), snapshot(2), snapshot(3));
  await stage.wait(SOON);
  assert.deepEqual(stage.versions, [1, 3]);
  assert.equal(stage.socket.subscribes.length, 1);
});

test("gap makes the client subscribe with what it has, and take the snapshot", async () => {
  const stage = new Stage().live();
  stage.socket.receive(update(2, 3));
  await stage.wait(SOON);
  assert.deepEqual(stage.socket.subscribes.slice(1), [have(1)]);
  stage.socket.receive(snapshot(3));
  await stage.wait(SOON);
  assert.deepEqual(stage.versions, [1, 3]);
  assert.equal(stage.socket.subscribes.length, 2);
});

test("update that starts before the held version is not applied but asked about", async () => {
  const stage = new Stage().live();
  stage.socket.receive(update(1, 3), update(2, 4));
  await stage.wait(SOON);
  assert.deepEqual(stage.versions, [1, 3]);
  assert.deepEqual(stage.socket.subscribes.slice(1), [have(3)]);
});

test("updates that only changed places are put in order without asking", async () => {
  const stage = new Stage().live();
  stage.socket.receive(update(4, 5), update(2, 4), update(1, 2));
  await stage.wait(SOON);
  assert.deepEqual(stage.versions, [1, 5]);
  assert.equal(stage.socket.subscribes.length, 1);
});

test("update seen before the snapshot is applied to it", async () => {
  const stage = new Stage();
  stage.subscribe();
  stage.socket.open();
  stage.socket.receive(update(1, 2));
  assert.deepEqual(stage.shown, []);
  stage.socket.receive(snapshot(1));
  await stage.wait(SOON);
  assert.deepEqual(stage.versions, [2]);
  assert.equal(stage.socket.subscribes.length, 1);
});

test("snapshot older than an update that was seen makes the client subscribe again", async () => {
  const stage = new Stage();
  stage.subscribe();
  stage.socket.open();
  stage.socket.receive(update(5, 6), snapshot(4));
  await stage.wait(SOON);
  assert.deepEqual(stage.versions, [4]);
  assert.deepEqual(stage.socket.subscribes.slice(1), [have(4)]);
});

test("subscribing again backs off while the snapshot stays behind", async () => {
  const stage = new Stage().live();
  stage.socket.receive(update(5, 6));
  let asked = 0;
  for (let second = 0; second < 60; second += 1) {
    await stage.wait(1_000);
    if (stage.socket.subscribes.length > asked) stage.socket.receive(current(1));
    asked = stage.socket.subscribes.length;
  }
  // 0.25, 0.5, 1, 2, 4, 8, 15, 15 … seconds apart, and the first one.
  assert.ok(asked >= 7 && asked <= 10, String(asked));
});

test("subscribe that nobody answers is sent again", async () => {
  const stage = new Stage();
  stage.subscribe();
  stage.socket.open();
  stage.socket.receive(stage.pong({ global: { season: "all", epoch: "k3v9", version: 1 } }));
  await stage.wait(11_000);
  assert.equal(stage.socket.subscribes.length, 2);
});

test("update that would break the board is not shown but asked about", async () => {
  const stage = new Stage().live();
  stage.socket.receive(update(1, 2, { upsert: [entry("dan", 1, 5)] }));
  await stage.wait(SOON);
  assert.deepEqual(stage.versions, [1]);
  assert.deepEqual(stage.socket.subscribes.slice(1), [have(1)]);
});

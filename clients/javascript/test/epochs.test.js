/** The rules for epochs and seasons: which of two counters is the newer one. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { current, rfc3339, snapshot, Stage, START, update } from "./stage.js";

/** Longer than the first wait of a backoff. */
const SOON = 1_000;

const have = (/** @type {number} */ version, epoch = "k3v9") => ({ action: "subscribe", board: "global", have: { epoch, version } });

test("update of another epoch makes the client subscribe, and the snapshot of that epoch is taken", async () => {
  const stage = new Stage().live();
  stage.socket.receive(update(1, 2, { epoch: "new" }));
  await stage.wait(SOON);
  assert.deepEqual(stage.socket.subscribes.slice(1), [have(1)]);
  stage.socket.receive(snapshot(1, { epoch: "new", publishedAt: rfc3339(START + 5_000) }));
  await stage.wait(SOON);
  assert.deepEqual(stage.shown.map(({ epoch, version }) => `${epoch} ${version}`), ["k3v9 1", "new 2"]);
});

test("snapshot of another epoch that answers a subscribe is taken without a time of publishing", async () => {
  const stage = new Stage().live({ publishedAt: undefined });
  await stage.wait(10);
  stage.socket.receive(update(7, 8, { epoch: "new" }));
  await stage.wait(SOON);
  stage.socket.receive(snapshot(9, { epoch: "new", publishedAt: undefined }));
  assert.equal(stage.shown.at(-1)?.epoch, "new");
});

test("late snapshot of the epoch before is ignored", async () => {
  const stage = new Stage().live().answerPings();
  stage.socket.receive(snapshot(1, { epoch: "new", publishedAt: rfc3339(START + 5_000) }));
  stage.socket.receive(snapshot(9, { publishedAt: rfc3339(START + 4_000) }));
  await stage.wait(SOON);
  stage.socket.receive(current(1, { epoch: "new" }));
  await stage.wait(60_000);
  assert.deepEqual(stage.shown.map(({ epoch }) => epoch), ["k3v9", "new"]);
  assert.deepEqual(stage.socket.subscribes.slice(1), [have(1, "new")]);
});

test("two epochs that no clock tells apart are decided on a new connection", async () => {
  const stage = new Stage().live({ publishedAt: rfc3339(START + 60_000) });
  const [first] = stage.sockets;
  for (let answer = 0; answer < 3; answer += 1) {
    first.receive(snapshot(5, { epoch: "new", publishedAt: rfc3339(START) }));
    await stage.wait(5_000);
  }
  assert.deepEqual(stage.versions, [1]);
  assert.equal(stage.sockets.length, 2);
  stage.socket.open();
  stage.socket.receive(snapshot(5, { epoch: "new", publishedAt: rfc3339(START) }));
  assert.deepEqual(stage.versions, [1, 5]);
  assert.ok(first.isClosed && !stage.socket.isClosed);
});

test("snapshot of another epoch on a new connection is always newer", async () => {
  const stage = new Stage().live();
  await stage.wait(1_000);
  stage.socket.drop();
  await stage.wait(5_000);
  stage.socket.open();
  stage.socket.receive(snapshot(0, { epoch: null, entries: [], total: 0, publishedAt: rfc3339(START - 5_000) }));
  assert.deepEqual(stage.versions, [1, 0]);
});

test("board that has no score yet is shown empty, and its first snapshot after it", () => {
  const stage = new Stage();
  stage.subscribe();
  stage.socket.open();
  stage.socket.receive(snapshot(0, { epoch: null, entries: [], total: 0 }), snapshot(1));
  assert.deepEqual(stage.versions, [0, 1]);
  assert.deepEqual(stage.changes[1].entered.length, 2);
});

test("late snapshot without a score is ignored", () => {
  const stage = new Stage().live();
  stage.socket.receive(snapshot(0, { epoch: null, entries: [], publishedAt: rfc3339(START + 9_000) }));
  assert.deepEqual(stage.versions, [1]);
});

test("have is left out before the first score", async () => {
  const stage = new Stage().live({ epoch: null, version: 0, entries: [] });
  stage.socket.receive(update(3, 4));
  await stage.wait(SOON);
  assert.deepEqual(stage.socket.subscribes[1], { action: "subscribe", board: "global" });
});

test("snapshot of a newer season is taken, anything of an older one ignored", async () => {
  const stage = new Stage().live({ season: "2026-W47" });
  stage.socket.receive(snapshot(7, { season: "2026-W48", epoch: "next" }));
  stage.socket.receive(snapshot(9, { season: "2026-W47" }), update(1, 10, { season: "2026-W47" }), current(10, { season: "2026-W47" }));
  await stage.wait(SOON);
  assert.deepEqual(stage.shown.map(({ season, version }) => `${season} ${version}`), ["2026-W47 1", "2026-W48 7"]);
  assert.equal(stage.socket.subscribes.length, 1);
});

test("update of a newer season makes the client subscribe", async () => {
  const stage = new Stage().live({ season: "2026-W47" });
  stage.socket.receive(update(1, 2, { season: "2026-W48", epoch: "next" }));
  await stage.wait(SOON);
  assert.equal(stage.socket.subscribes.length, 2);
  stage.socket.receive(snapshot(1, { season: "2026-W48", epoch: "next" }));
  assert.deepEqual(stage.versions, [1, 2]);
});

test("season that ends makes the client subscribe within seconds, by the service's clock", async () => {
  for (const clockError of [0, 86_400_000, -86_400_000]) {
    const stage = new Stage({}, clockError);
    stage.live({ season: "2026-11-23", endsAt: rfc3339(START + 100_000) }).answerPings();
    await stage.wait(99_000);
    assert.equal(stage.socket.subscribes.length, 1);
    await stage.wait(6_500);
    assert.equal(stage.socket.subscribes.length, 2);
    stage.socket.receive(snapshot(0, { season: "2026-11-24", epoch: null, entries: [] }));
    await stage.wait(SOON);
    assert.equal(stage.client.status.staleSince, null);
    assert.equal(stage.shown.at(-1)?.season, "2026-11-24");
  }
});

test("season that the service has not ended yet is asked for again, with backoff", async () => {
  const stage = new Stage().live({ season: "2026-11-23", endsAt: rfc3339(START + 10_000) }).answerPings();
  await stage.wait(13_000);
  const asked = stage.socket.subscribes.length;
  assert.equal(asked, 2);
  stage.socket.receive(current(1, { season: "2026-11-23" }));
  await stage.wait(60_000);
  assert.ok(stage.socket.subscribes.length > asked && stage.socket.subscribes.length < asked + 8);
  assert.notEqual(stage.client.status.staleSince, null);
});

test("season's end is not called stale while the service answers, whenever it last sent something", async () => {
  for (const chance of [0, 0.5, 0.999]) {
    const stage = new Stage();
    stage.chance = chance;
    stage.live({ season: "2026-11-23", endsAt: rfc3339(START + 100_000) });
    stage.answerPings();
    await stage.wait(100_000);
    while (stage.socket.subscribes.length === 1) await stage.wait(20);
    await stage.wait(500);
    stage.socket.receive(snapshot(0, { season: "2026-11-24", epoch: null, entries: [] }));
    assert.equal(stage.shown.at(-1)?.season, "2026-11-24");
    const live = stage.statuses.slice(stage.statuses.findIndex(({ state }) => state === "live"));
    assert.deepEqual(live.map(({ state, staleSince }) => [state, staleSince]), [["live", null]]);
  }
});

/** The contract's client rules, one by one, through the whole client. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { current, entry, rfc3339, snapshot, Stage, START, update } from "./stage.js";

/** Longer than the first wait of a backoff. */
const SOON = 1_000;

const have = (/** @type {number} */ version, epoch = "k3v9") => ({ action: "subscribe", board: "global", have: { epoch, version } });

test("client subscribes when the socket opens, and shows the snapshot", () => {
  const stage = new Stage();
  stage.subscribe();
  stage.socket.open();
  assert.deepEqual(stage.socket.sent, [{ action: "ping" }, { action: "subscribe", board: "global" }]);
  stage.socket.receive(snapshot(41));
  const { type: _type, ...top } = snapshot(41);
  assert.deepEqual(stage.shown, [{ ...top, scoredAt: top.entries[1].scoreUpdatedAt }]);
  assert.deepEqual(stage.changes, [{ since: null, entered: [], left: [], moved: [], scored: [] }]);
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

test("whatever a new connection says of another epoch is newer", async () => {
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

test("current confirms what is held", async () => {
  const stage = new Stage().live();
  stage.socket.drop();
  await stage.wait(SOON);
  stage.socket.open();
  assert.deepEqual(stage.socket.subscribes, [have(1)]);
  assert.equal(stage.client.status.state, "reconnecting");
  stage.socket.receive(current(1));
  assert.deepEqual(stage.versions, [1]);
  assert.deepEqual([stage.client.status.state, stage.client.status.staleSince], ["live", null]);
});

test("current that names another version makes the client subscribe again", async () => {
  const stage = new Stage().live();
  stage.socket.receive(current(4));
  await stage.wait(SOON);
  assert.deepEqual(stage.socket.subscribes.slice(1), [have(1)]);
});

test("pong that names a newer version makes the client subscribe", async () => {
  const stage = new Stage().live();
  stage.socket.receive(stage.pong({ global: { season: "all", epoch: "k3v9", version: 2 } }));
  await stage.wait(SOON);
  assert.deepEqual(stage.socket.subscribes.slice(1), [have(1)]);
});

test("pong that names another epoch makes the client subscribe, once if it has the right one", async () => {
  const stage = new Stage().live().answerPings();
  stage.socket.receive(stage.pong({ global: { season: "all", epoch: "other", version: 2 } }));
  await stage.wait(SOON);
  assert.equal(stage.socket.subscribes.length, 2);
  stage.socket.receive(current(1));
  await stage.wait(60_000);
  assert.equal(stage.socket.subscribes.length, 2);
});

test("pong that is overtaken by its update costs nothing", async () => {
  const stage = new Stage().live();
  stage.socket.receive(stage.pong({ global: { season: "all", epoch: "k3v9", version: 2 } }), update(1, 2));
  stage.socket.receive(stage.pong({ global: { season: "all", epoch: "k3v9", version: 1 } }));
  await stage.wait(SOON);
  assert.equal(stage.socket.subscribes.length, 1);
});

test("pong that misses a board makes the client subscribe to it", async () => {
  const stage = new Stage().live();
  stage.socket.receive(stage.pong({}));
  await stage.wait(SOON);
  assert.deepEqual(stage.socket.subscribes.slice(1), [have(1)]);
});

test("pong that has a board too many makes the client unsubscribe from it", () => {
  const stage = new Stage().live();
  const place = { season: "all", epoch: "k3v9", version: 1 };
  stage.socket.receive(stage.pong({ global: place, weekly: place }));
  assert.deepEqual(stage.socket.sent.at(-1), { action: "unsubscribe", board: "weekly" });
});

test("unsubscribed for a board that is followed again makes the client subscribe", async () => {
  const stage = new Stage().live();
  stage.socket.receive({ type: "unsubscribed", board: "global" });
  await stage.wait(SOON);
  assert.equal(stage.socket.subscribes.length, 2);
});

test("update that would break the board is not shown but asked about", async () => {
  const stage = new Stage().live();
  stage.socket.receive(update(1, 2, { upsert: [entry("dan", 1, 5)] }));
  await stage.wait(SOON);
  assert.deepEqual(stage.versions, [1]);
  assert.deepEqual(stage.socket.subscribes.slice(1), [have(1)]);
});

test("board that does not exist is reported and not asked for again on this connection", async () => {
  const stage = new Stage();
  stage.subscribe("nowhere");
  stage.socket.open();
  stage.socket.receive(stage.pong(), { type: "error", code: "board_not_found", message: "No such board", requestId: "r1", board: "nowhere" });
  await stage.wait(15_000);
  assert.deepEqual(stage.problems, [{ code: "board_not_found", message: "No such board", requestId: "r1", board: "nowhere" }]);
  assert.equal(stage.socket.subscribes.length, 1);
  assert.equal(stage.client.status.state, "live");
});

test("refused subscribe is sent again, later when it was one too many", async () => {
  const stage = new Stage();
  stage.subscribe();
  stage.socket.open();
  stage.socket.receive({ type: "error", code: "bad_request", message: "No", board: "global" });
  await stage.wait(300);
  assert.equal(stage.socket.subscribes.length, 2);
  stage.socket.receive({ type: "error", code: "rate_limited", message: "Too many" });
  await stage.wait(1_900);
  assert.equal(stage.socket.subscribes.length, 2);
  await stage.wait(3_000);
  assert.equal(stage.socket.subscribes.length, 3);
  assert.deepEqual(stage.problems.map(({ code }) => code), ["bad_request", "rate_limited"]);
});

test("frames of boards that nobody follows, and what is no frame, are ignored", async () => {
  const stage = new Stage().live();
  stage.socket.receive(snapshot(9, { board: "weekly" }), "{", "null", { type: "novelty" }, { message: "Internal server error" });
  await stage.wait(SOON);
  assert.deepEqual(stage.versions, [1]);
  assert.equal(stage.client.status.state, "live");
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

/** A connection that is silently dead: how soon it is noticed, and what the status says meanwhile. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { timing } from "../src/timing.js";
import { snapshot, Stage, START, update } from "./stage.js";

const MINUTE = 60_000;

for (const chance of [0, 0.5, 0.999]) {
  test(`socket that is silently dead is given up within 30 s of its last message (chance ${chance})`, async () => {
    const stage = new Stage();
    stage.chance = chance;
    stage.live();
    await stage.wait(12_000);
    stage.socket.receive(update(1, 2));
    await stage.wait(29_999);
    assert.ok(stage.sockets[0].isClosed);
    assert.equal(stage.client.status.state, "reconnecting");
    assert.deepEqual(stage.client.status.staleSince, new Date(START + 12_000));
  });

  test(`status admits the silence before the socket is given up (chance ${chance})`, async () => {
    const stage = new Stage();
    stage.chance = chance;
    stage.live();
    await stage.wait(timing.pingAfter + timing.doubtAfter + 1);
    const { state, staleSince } = stage.client.status;
    assert.deepEqual({ state, staleSince }, { state: "live", staleSince: new Date(START) });
    assert.ok(!stage.socket.isClosed);
    // It was only slow.
    stage.socket.receive(stage.pong({ global: { season: "all", epoch: "k3v9", version: 1 } }));
    assert.equal(stage.client.status.staleSince, null);
    assert.equal(stage.sockets.length, 1);
  });
}

test("socket that dies between a ping and its pong is noticed as soon", async () => {
  const stage = new Stage().live();
  await stage.wait(timing.pingAfter);
  assert.equal(stage.socket.pings, 2);
  stage.socket.receive(update(1, 2));
  await stage.wait(30_000);
  assert.ok(stage.sockets[0].isClosed);
});

test("quiet socket pings three times a minute, and its board is never called stale", async () => {
  const stage = new Stage().live().answerPings();
  await stage.wait(60 * MINUTE);
  assert.ok(stage.socket.pings >= 180 && stage.socket.pings <= 200, String(stage.socket.pings));
  assert.ok(stage.statuses.every(({ state, staleSince }) => state !== "live" || staleSince === null));
  assert.equal(stage.sockets.length, 1);
});

test("socket that brings frames pings every few minutes", async () => {
  const stage = new Stage().live().answerPings();
  for (let version = 1; version <= 120; version += 1) {
    await stage.wait(5_000);
    stage.socket.receive(update(version, version + 1));
  }
  assert.ok(stage.socket.pings >= 3 && stage.socket.pings <= 5, String(stage.socket.pings));
});

test("frames of one board do not hide that the subscription of another is lost", async () => {
  const stage = new Stage().live();
  stage.subscribe("weekly");
  stage.socket.receive(snapshot(1, { board: "weekly" }));
  for (let version = 1; stage.socket.pings < 2 && version < 100; version += 1) {
    await stage.wait(5_000);
    stage.socket.receive(update(version, version + 1));
  }
  stage.socket.receive(stage.pong({ global: { season: "all", epoch: "k3v9", version: stage.versions.at(-1) } }));
  await stage.wait(501);
  assert.equal(stage.socket.subscribes.at(-1).board, "weekly");
});

test("hidden page pings every few minutes, and at once when it is seen again", async () => {
  const stage = new Stage({ timing: { hiddenAfter: Infinity } }).live().answerPings();
  stage.page.show(false);
  await stage.wait(60 * MINUTE);
  assert.ok(stage.socket.pings >= 18 && stage.socket.pings <= 22, String(stage.socket.pings));
  const { pings } = stage.socket;
  stage.page.show(true);
  assert.equal(stage.socket.pings, pings + 1);
  await stage.wait(MINUTE);
  assert.ok(stage.socket.pings >= pings + 3);
});

test("page that is opened hidden pings every few minutes, too", async () => {
  const stage = new Stage({ page: null });
  stage.client.close();
  stage.page.show(false);
  const hidden = new Stage({ page: stage.page, now: stage.time.now, setTimeout: stage.time.setTimeout, clearTimeout: stage.time.clearTimeout });
  hidden.live();
  hidden.socket.receive(hidden.pong({ global: { season: "all", epoch: "k3v9", version: 1 } }));
  await stage.wait(2 * MINUTE);
  assert.equal(hidden.socket.pings, 1);
});

test("silence that calls for a ping is an option", async () => {
  const stage = new Stage({ timing: { pingAfter: 60_000 } }).live().answerPings();
  await stage.wait(60 * MINUTE);
  assert.ok(stage.socket.pings >= 60 && stage.socket.pings <= 68, String(stage.socket.pings));
});

/** The first board over HTTP, and all of them where sockets are blocked. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { timing } from "../src/timing.js";
import { current, rfc3339, snapshot, Stage, START, update } from "./stage.js";

const http = "https://example.test/api/";

/**
 * @param {number} version
 * @param {Parameters<typeof snapshot>[1]} [rest]
 */
function top(version, rest) {
  const { type: _type, publishedAt: _publishedAt, ...body } = snapshot(version, rest);
  return body;
}

/** A client whose sockets do not open, and that has just begun to poll. */
async function polling() {
  const stage = new Stage({ http });
  stage.subscribe();
  stage.request.answer(200, top(1), { ETag: '"1"' });
  stage.socket.drop();
  await stage.wait(timing.pollAfter + timing.pollInterval / 2 + 1_001);
  assert.equal(stage.requests.length, 2);
  return stage;
}

test("first board comes over HTTP, and the socket goes on from it", async () => {
  const stage = new Stage({ http });
  stage.subscribe();
  assert.equal(stage.request.url, "https://example.test/api/boards/global/top");
  stage.request.answer(200, top(41));
  await stage.wait(10);
  assert.deepEqual(stage.versions, [41]);
  assert.equal(stage.client.status.state, "connecting");
  stage.socket.open();
  assert.deepEqual(stage.socket.subscribes, [{ action: "subscribe", board: "global", have: { epoch: "k3v9", version: 41 } }]);
  stage.socket.receive(current(41), update(41, 42));
  assert.deepEqual(stage.versions, [41, 42]);
  assert.equal(stage.requests.length, 1);
});

test("total that a poll finds changed is shown, though the version stays", async () => {
  const stage = await polling();
  stage.request.answer(200, top(1, { total: 101 }));
  await stage.wait(10);
  assert.deepEqual(stage.shown.map(({ version, total }) => [version, total]), [[1, top(1).total], [1, 101]]);
  const since = { season: "all", epoch: "k3v9", version: 1 };
  assert.deepEqual(stage.changes[1], { since, entered: [], left: [], moved: [], scored: [] });
});

test("first board over HTTP is dropped when the socket was faster", async () => {
  const stage = new Stage({ http });
  stage.subscribe();
  stage.socket.open();
  stage.socket.receive(snapshot(41));
  stage.request.answer(200, top(42));
  await stage.wait(10);
  assert.deepEqual(stage.versions, [41]);
});

test("degraded answer has its version like any other", async () => {
  const stage = new Stage({ http });
  stage.subscribe();
  stage.request.answer(200, { ...top(41), degraded: true });
  await stage.wait(10);
  assert.deepEqual(stage.versions, [41]);
});

test("answer without a version is never shown", async () => {
  const stage = new Stage({ http });
  stage.subscribe();
  stage.request.answer(200, { ...top(41), epoch: null, version: null });
  await stage.wait(10);
  assert.deepEqual(stage.versions, []);
});

test("boards are polled where sockets are blocked", async () => {
  const stage = await polling();
  stage.request.answer(200, top(2), { ETag: '"2"' });
  await stage.wait(10);
  assert.deepEqual(stage.versions, [1, 2]);
  assert.equal(stage.client.status.state, "polling");
  assert.equal(stage.client.status.staleSince, null);
  assert.ok(stage.sockets.length > 1);
});

test("unchanged top costs a 304", async () => {
  const stage = await polling();
  assert.equal(stage.request.headers.get("If-None-Match"), '"1"');
  stage.request.answer(304);
  await stage.wait(10);
  assert.deepEqual(stage.versions, [1]);
  assert.equal(stage.client.status.state, "polling");
});

test("polls obey the rules: no older version, no older season, no epoch that a cache still has", async () => {
  const stage = await polling();
  stage.request.answer(200, top(3, { season: "all", epoch: "new" }));
  await stage.wait(timing.pollInterval + 10);
  stage.request.answer(200, top(2, { epoch: "new" }));
  await stage.wait(timing.pollInterval + 10);
  stage.request.answer(200, top(4, { epoch: "new" }));
  await stage.wait(10);
  assert.deepEqual(stage.shown.map(({ epoch, version }) => `${epoch} ${version}`), ["k3v9 1", "new 3", "new 4"]);
});

test("epoch in an answer that a cache may have kept is not taken", async () => {
  const stage = new Stage({ http, timing: { pollAfter: 100, pollInterval: 1_000 } });
  stage.subscribe();
  stage.request.answer(200, top(1));
  await stage.wait(1_000);
  stage.request.answer(200, top(9, { epoch: "old" }));
  await stage.wait(500);
  assert.deepEqual(stage.versions, [1]);
  assert.notEqual(stage.client.status.staleSince, null);
});

test("polling ends when a socket is live again", async () => {
  const stage = await polling();
  stage.request.answer(200, top(2));
  await stage.wait(1_000);
  stage.socket.open();
  stage.socket.receive(stage.pong({ global: current(2) }), current(2));
  stage.answerPings();
  assert.equal(stage.client.status.state, "live");
  const before = stage.requests.length;
  await stage.wait(100_000);
  assert.equal(stage.requests.length, before);
});

test("failing reads back off, obey Retry-After, and are not called polling", async () => {
  const stage = await polling();
  stage.request.fail();
  await stage.wait(10);
  assert.equal(stage.client.status.state, "reconnecting");
  assert.deepEqual(stage.client.status.staleSince, new Date(START));
  await stage.wait(9_000);
  assert.equal(stage.requests.length, 2);
  await stage.wait(1_000);
  assert.equal(stage.requests.length, 3);
  stage.request.answer(503, {}, { "Retry-After": "50" });
  await stage.wait(49_000);
  assert.equal(stage.requests.length, 3);
  await stage.wait(1_500);
  assert.equal(stage.requests.length, 4);
});

test("read that hangs is cut off", async () => {
  const stage = await polling();
  const { signal } = stage.request;
  await stage.wait(timing.fetchTimeout + 10);
  assert.ok(signal.aborted);
  assert.equal(stage.client.status.state, "reconnecting");
});

test("board that does not exist is reported", async () => {
  const stage = new Stage({ http });
  stage.subscribe("nowhere");
  stage.request.answer(404, { status: 404, code: "board_not_found", title: "Not found", detail: "No board nowhere", requestId: "r1" });
  await stage.wait(10);
  assert.deepEqual(stage.problems, [{ code: "board_not_found", message: "No board nowhere", board: "nowhere", requestId: "r1" }]);
});

test("hidden page is not polled for", async () => {
  const stage = await polling();
  stage.request.answer(200, top(2));
  stage.page.show(false);
  await stage.wait(60_000);
  assert.equal(stage.requests.length, 2);
  stage.page.show(true);
  assert.equal(stage.requests.length, 3);
});

test("client without a socket polls from the start, and says so", async () => {
  const stage = new Stage({ http, socket: undefined });
  stage.subscribe();
  stage.request.answer(200, top(0, { epoch: null, entries: [], total: 0, endsAt: rfc3339(START + 1_000) }));
  await stage.wait(10);
  assert.deepEqual(stage.states, ["connecting", "polling"]);
  await stage.wait(timing.pollInterval);
  assert.equal(stage.requests.length, 2);
  stage.request.answer(200, top(1));
  await stage.wait(10);
  assert.deepEqual(stage.versions, [0, 1]);
});

test("answer of a board that is no longer followed is dropped", async () => {
  const stage = new Stage({ http, socket: undefined });
  const off = stage.subscribe();
  off();
  const { request } = stage;
  await stage.wait(timing.linger + 10);
  request.answer(200, top(1));
  await stage.wait(10);
  assert.ok(request.signal.aborted);
  assert.deepEqual(stage.shown, []);
  assert.equal(stage.time.owned.size, 0);
});

/** What the answers of the service do: `current`, `pong`, `unsubscribed`, and errors. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { current, snapshot, Stage, update } from "./stage.js";

/** Longer than the first wait of a backoff. */
const SOON = 1_000;

const have = (/** @type {number} */ version, epoch = "k3v9") => ({ action: "subscribe", board: "global", have: { epoch, version } });

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

test("pong that names a board that nobody follows makes the client unsubscribe from it", () => {
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

test("unknown board is reported and not asked for again on this connection", async () => {
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

test("frames of boards that nobody follows, and texts that are not frames, are ignored", async () => {
  const stage = new Stage().live();
  stage.socket.receive(snapshot(9, { board: "weekly" }), "{", "null", { type: "novelty" }, { message: "Internal server error" });
  await stage.wait(SOON);
  assert.deepEqual(stage.versions, [1]);
  assert.equal(stage.client.status.state, "live");
});

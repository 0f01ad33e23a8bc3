/** Subscribing, listeners, and closing the client. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { createLeaderboard } from "../src/index.js";
import { timing } from "../src/timing.js";
import { snapshot, Stage, update } from "./stage.js";

const MINUTE = 60_000;

test("several listeners of a board share one subscription, and a late one gets the board that is held", async () => {
  const stage = new Stage().live();
  stage.socket.receive(update(1, 2));
  const seen = /** @type {unknown[]} */ ([]);
  stage.client.subscribe("global", ({ version }, { since }) => seen.push([version, since?.version]));
  assert.deepEqual(seen, []);
  await null;
  stage.socket.receive(update(2, 3));
  assert.deepEqual(seen, [[2, undefined], [3, 2]]);
  assert.equal(stage.socket.subscribes.length, 1);
});

test("unsubscribing ends the calls at once, and the subscription when nobody came back", async () => {
  const stage = new Stage();
  const off = stage.subscribe();
  stage.subscribe("weekly");
  stage.socket.open();
  stage.socket.receive(stage.pong(), snapshot(1), snapshot(1, { board: "weekly" }));
  off();
  off();
  stage.socket.receive(update(1, 2));
  assert.deepEqual(stage.versions, [1, 1]);
  const again = stage.subscribe();
  await stage.wait(10);
  assert.deepEqual(stage.versions, [1, 1, 2]);
  again();
  await stage.wait(timing.linger + 10);
  assert.deepEqual(stage.socket.sent.at(-1), { action: "unsubscribe", board: "global" });
  assert.equal(stage.client.board("global"), null);
  assert.equal(stage.client.board("weekly")?.version, 1);
});

test("close leaves no timer, listener, socket or request, and calls nobody any more", async () => {
  const stage = new Stage({ http: "https://example.test" });
  stage.subscribe();
  stage.subscribe("weekly");
  stage.socket.open();
  stage.client.close();
  stage.client.close();
  assert.equal(stage.time.owned.size, 0);
  assert.equal(stage.page.listening, 0);
  assert.ok(stage.socket.isClosed);
  assert.ok(stage.requests.every(({ signal }) => signal.aborted));
  stage.socket.receive(snapshot(1));
  await stage.wait(MINUTE);
  assert.deepEqual(stage.shown, []);
  assert.equal(stage.client.status.state, "closed");
  assert.throws(() => stage.subscribe(), /closed/);
});

test("listeners may subscribe, unsubscribe and close while they are called", async () => {
  const stage = new Stage();
  const off = stage.client.subscribe("global", () => {
    off();
    stage.subscribe("weekly");
  });
  stage.client.subscribe("global", () => stage.client.close());
  stage.socket.open();
  stage.socket.receive(snapshot(1), update(1, 2));
  await stage.wait(MINUTE);
  assert.ok(stage.socket.isClosed);
  assert.equal(stage.time.owned.size, 0);
});

test("listener that throws harms no other, and its error is not swallowed", (context) => {
  /** @type {(() => void)[]} */
  const later = [];
  context.mock.method(globalThis, "queueMicrotask", (/** @type {() => void} */ task) => later.push(task));
  const stage = new Stage();
  stage.client.subscribe("global", () => {
    throw new Error("a listener's own");
  });
  stage.live();
  assert.deepEqual(stage.versions, [1]);
  assert.throws(() => later.forEach((task) => task()), /a listener's own/);
});

test("board ids are checked, and a client needs some way to the service", () => {
  const stage = new Stage();
  for (const board of ["", "Global", "a".repeat(49), "a/b"]) assert.throws(() => stage.subscribe(board), TypeError);
  assert.throws(() => createLeaderboard({}), TypeError);
});

/** A page that is hidden, left, or without a network. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { timing } from "../src/timing.js";
import { Stage } from "./stage.js";

const MINUTE = 60_000;

test("hidden page keeps its socket for a while, then closes it until it is seen again", async () => {
  const stage = new Stage().live();
  stage.answerPings();
  stage.page.show(false);
  await stage.wait(timing.hiddenAfter - 1_000);
  assert.equal(stage.client.status.state, "live");
  await stage.wait(2_000);
  assert.ok(stage.socket.isClosed);
  assert.equal(stage.client.status.state, "paused");
  await stage.wait(60 * MINUTE);
  assert.equal(stage.sockets.length, 1);
  stage.page.show(true);
  assert.equal(stage.sockets.length, 2);
});

test("page that is left closes its socket at once, and opens a new one when it is shown again", () => {
  const stage = new Stage().live();
  stage.page.window.dispatchEvent(new Event("pagehide"));
  assert.ok(stage.socket.isClosed);
  stage.page.window.dispatchEvent(new Event("pageshow"));
  assert.equal(stage.sockets.length, 2);
});

test("page that is seen again pings its socket, and does not wait long", async () => {
  const stage = new Stage().live();
  stage.page.show(false);
  await stage.wait(MINUTE);
  stage.page.show(true);
  assert.equal(stage.socket.pings, 2);
  await stage.wait(timing.probeTimeout + 501);
  assert.equal(stage.sockets.length, 2);
});

test("browser that goes offline is not believed until the socket is silent", async () => {
  const stage = new Stage().live();
  stage.page.connect(false);
  stage.socket.receive(stage.pong({ global: { season: "all", epoch: "k3v9", version: 1 } }));
  await stage.wait(timing.probeTimeout + 1);
  assert.equal(stage.client.status.state, "live");
  stage.socket.drop();
  assert.equal(stage.client.status.state, "offline");
  await stage.wait(timing.reconnectCap - 10);
  assert.equal(stage.sockets.length, 1);
});

test("browser that comes online connects within a second", async () => {
  const stage = new Stage({ http: "https://example.test" });
  stage.page.connect(false);
  stage.subscribe();
  stage.socket.drop();
  await stage.wait(10_000);
  assert.deepEqual([stage.sockets.length, stage.requests.length], [1, 0]);
  stage.page.connect(true);
  await stage.wait(1_000);
  assert.equal(stage.sockets.length, 2);
});

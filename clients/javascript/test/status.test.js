/** What a framework reads: frozen objects that stay the same while nothing changed. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { snapshot, Stage, START, update } from "./stage.js";

test("status is the same object while nothing changed, through every state", async () => {
  const stage = new Stage({ http: "https://example.test" });
  /** @type {Set<string>} */
  const seen = new Set();
  const check = () => {
    const { status } = stage.client;
    assert.equal(stage.client.status, status);
    assert.ok(Object.isFrozen(status) && Object.isFrozen(status.problems));
    seen.add(status.state);
    return status;
  };
  const idle = check();
  stage.subscribe();
  assert.notEqual(check(), idle);
  stage.request.answer(404, { code: "board_not_found", title: "No" });
  stage.socket.drop();
  await stage.wait(10);
  const waiting = check();
  assert.ok(waiting.retryAt && waiting.problems.length === 1);
  await stage.wait(10);
  assert.equal(stage.client.status, waiting);
  await stage.wait(1_000);
  stage.socket.open();
  stage.socket.receive(stage.pong(), snapshot(1));
  const live = check();
  stage.socket.receive(update(1, 2));
  await stage.wait(1_000);
  assert.equal(stage.client.status, live);
  stage.socket.drop();
  check();
  stage.client.close();
  check();
  assert.deepEqual([...seen], ["idle", "connecting", "reconnecting", "live", "closed"]);
});

test("listeners get the object that `status` has, and no two in a row are the same", async () => {
  const stage = new Stage({ http: "https://example.test" });
  /** @type {unknown[]} */
  const told = [];
  stage.client.on("status", (status) => {
    assert.equal(status, stage.client.status);
    assert.notEqual(status, told.at(-1));
    told.push(status);
  });
  stage.live();
  stage.socket.drop();
  await stage.wait(60_000);
  stage.client.close();
  assert.ok(told.length > 5);
});

test("clock that is set does not make another status of the same one", async () => {
  let ahead = 0;
  const outer = new Stage();
  const stage = new Stage({ now: () => outer.time.now() + ahead, setTimeout: outer.time.setTimeout, clearTimeout: outer.time.clearTimeout });
  stage.live();
  stage.socket.drop();
  const { status } = stage.client;
  assert.deepEqual(status.staleSince, new Date(START));
  ahead = -3_600_000;
  assert.equal(stage.client.status, status);
});

test("board is the same object until another is shown, and frozen", async () => {
  const stage = new Stage().live();
  const held = stage.client.board("global");
  assert.equal(stage.client.board("global"), held);
  assert.ok(held && Object.isFrozen(held) && Object.isFrozen(held.entries) && held.entries.every(Object.isFrozen));
  stage.socket.receive(snapshot(1));
  assert.equal(stage.client.board("global"), held);
  stage.socket.receive(update(1, 2));
  assert.notEqual(stage.client.board("global"), held);
});

test("store in the manner of useSyncExternalStore settles", async () => {
  const stage = new Stage();
  let renders = 0;
  let shown = stage.client.status;
  /** React renders again for as long as two reads in a row differ. */
  const render = () => {
    do {
      renders += 1;
      assert.ok(renders < 50, "renders for ever");
      shown = stage.client.status;
    } while (!Object.is(shown, stage.client.status));
  };
  stage.client.on("status", render);
  stage.live();
  stage.socket.drop();
  await stage.wait(10_000);
  assert.equal(shown, stage.client.status);
});

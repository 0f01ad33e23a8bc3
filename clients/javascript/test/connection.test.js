/** Connecting, tickets, and replacing a connection. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { timing } from "../src/timing.js";
import { current, FakeSocket, rfc3339, snapshot, Stage, START, update } from "./stage.js";

const MINUTE = 60_000;

test("nothing is connected until somebody subscribes, and a board is asked for at once when another is followed", () => {
  const stage = new Stage();
  assert.equal(stage.sockets.length, 0);
  assert.equal(stage.client.status.state, "idle");
  stage.live();
  stage.subscribe("weekly");
  assert.equal(stage.sockets.length, 1);
  assert.deepEqual(stage.socket.sent.at(-1), { action: "subscribe", board: "weekly" });
  assert.deepEqual(stage.states, ["connecting", "live"]);
});

test("socket is closed when the last board is no longer followed", async () => {
  const stage = new Stage();
  const off = stage.subscribe();
  stage.socket.open();
  stage.socket.receive(snapshot(1));
  off();
  await stage.wait(timing.linger + 10);
  assert.ok(stage.socket.isClosed);
  assert.equal(stage.client.status.state, "idle");
  assert.equal(stage.time.owned.size, 0);
});

test("lost socket is replaced with backoff, and the boards are asked for with what is held", async () => {
  const stage = new Stage().live();
  stage.socket.drop();
  assert.equal(stage.client.status.state, "reconnecting");
  assert.deepEqual(stage.client.status.staleSince, new Date(START));
  /** @type {number[]} */
  const waits = [];
  for (let attempt = 0; attempt < 8; attempt += 1) {
    const { retryAt } = stage.client.status;
    waits.push(Number(retryAt) - stage.time.now());
    await stage.wait(waits[attempt] + 1);
    stage.socket.drop();
  }
  assert.deepEqual(waits, [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
  await stage.wait(15_001);
  stage.socket.open();
  assert.deepEqual(stage.socket.subscribes, [{ action: "subscribe", board: "global", have: { epoch: "k3v9", version: 1 } }]);
});

test("socket that opens and ends at once does not start the backoff anew, one that lived does", async () => {
  const stage = new Stage().live();
  stage.answerPings();
  stage.socket.drop();
  await stage.wait(501);
  stage.socket.open();
  stage.socket.receive(current(1));
  stage.socket.drop();
  assert.equal(stage.client.status.attempt, 2);
  await stage.wait(1_001);
  stage.socket.open();
  stage.socket.receive(current(1));
  await stage.wait(timing.settledAfter + 1);
  stage.socket.drop();
  assert.equal(stage.client.status.attempt, 1);
});

test("socket that does not open in time is given up", async () => {
  const stage = new Stage();
  stage.subscribe();
  const [first] = stage.sockets;
  await stage.wait(timing.openTimeout + 501);
  assert.ok(first.isClosed);
  assert.equal(stage.sockets.length, 2);
});

test("WebSocket that cannot be made is reported and tried again", async () => {
  let made = 0;
  const stage = new Stage({
    WebSocket: class extends FakeSocket {
      constructor() {
        super("");
        made += 1;
        throw new SyntaxError("bad URL");
      }
    },
  });
  stage.subscribe();
  await stage.wait(2_000);
  assert.ok(made > 1);
  assert.equal(stage.problems[0].code, "socket_failed");
});

test("every connection asks for its own ticket", async () => {
  let tickets = 0;
  const stage = new Stage({ fetchTicket: async () => `a+b.${(tickets += 1)}` });
  stage.subscribe();
  await stage.wait(1);
  stage.socket.drop();
  await stage.wait(1_000);
  assert.deepEqual(stage.sockets.map(({ url }) => url), ["wss://example.test/dev?ticket=a%2Bb.1", "wss://example.test/dev?ticket=a%2Bb.2"]);
});

test("no ticket makes the connection anonymous", async () => {
  const stage = new Stage({ socket: "wss://example.test/dev?x=1", fetchTicket: () => null });
  stage.subscribe();
  await stage.wait(1);
  assert.equal(stage.socket.url, "wss://example.test/dev?x=1");
});

test("failing fetchTicket is reported and tried again with backoff", async () => {
  const stage = new Stage({ fetchTicket: () => Promise.reject(new Error("signed out")) });
  stage.subscribe();
  await stage.wait(1_000);
  assert.equal(stage.sockets.length, 0);
  assert.equal(stage.problems[0].code, "ticket_failed");
  assert.match(String(stage.problems[0].cause), /signed out/);
  assert.equal(stage.client.status.state, "reconnecting");
});

test("ticket that comes after everything was closed opens nothing", async () => {
  /** @type {(ticket: string) => void} */
  let give = () => {};
  const stage = new Stage({ fetchTicket: () => new Promise((resolve) => (give = resolve)) });
  stage.subscribe();
  stage.client.close();
  give("late");
  await stage.wait(MINUTE);
  assert.equal(stage.sockets.length, 0);
});

test("client takes the service's time from the pong", async () => {
  const stage = new Stage({}, -3_600_000);
  stage.subscribe();
  stage.socket.open();
  await stage.wait(200);
  stage.socket.receive({ type: "pong", serverTime: rfc3339(START + 100), boards: {} }, snapshot(1));
  assert.equal(stage.client.now(), stage.time.now());
});

test("socket that still brings frames gets a second ping before it is replaced", async () => {
  const stage = new Stage().live();
  await stage.wait(timing.pingAfter);
  stage.socket.receive(update(1, 2));
  await stage.wait(timing.pongTimeout);
  assert.equal(stage.sockets.length, 1);
  assert.equal(stage.socket.pings, 3);
  await stage.wait(timing.pongTimeout + 501);
  assert.equal(stage.sockets.length, 2);
});

test("socket is replaced before its two hours are over, and never a moment without one", async () => {
  const stage = new Stage().live();
  stage.answerPings();
  await stage.wait(110 * MINUTE + 10);
  const [first, second] = stage.sockets;
  assert.ok(!first.isClosed && second);
  second.open();
  first.receive(update(1, 2));
  assert.deepEqual(stage.versions, [1, 2]);
  assert.ok(!first.isClosed);
  second.receive(snapshot(3));
  assert.ok(first.isClosed && !second.isClosed);
  second.receive(update(3, 4));
  assert.deepEqual(stage.versions, [1, 2, 3, 4]);
  assert.deepEqual(stage.states, ["connecting", "live"]);
});

test("replacement that fails is tried again while the old socket goes on", async () => {
  const stage = new Stage().live();
  stage.answerPings();
  await stage.wait(110 * MINUTE + 10);
  stage.sockets[1].drop();
  await stage.wait(2_000);
  assert.equal(stage.sockets.length, 3);
  assert.equal(stage.client.status.state, "live");
  stage.sockets[0].drop();
  assert.equal(stage.client.status.state, "reconnecting");
  stage.sockets[2].open();
  stage.sockets[2].receive(current(1));
  assert.equal(stage.client.status.state, "live");
  assert.equal(stage.sockets.length, 3);
});

test("stale since says up to when the board was known to be right", async () => {
  const stage = new Stage().live();
  await stage.wait(10_000);
  stage.socket.receive(update(1, 2));
  assert.equal(stage.client.status.staleSince, null);
  await stage.wait(5_000);
  stage.socket.receive(update(3, 4));
  assert.deepEqual(stage.client.status.staleSince, new Date(START + 15_000));
  stage.socket.receive(snapshot(4));
  assert.equal(stage.client.status.staleSince, null);
  await stage.wait(5_000);
  stage.socket.drop();
  assert.deepEqual(stage.client.status.staleSince, new Date(START + 15_000));
});

test("board that came while another is waited for is stale since it came", async () => {
  const stage = new Stage();
  stage.subscribe();
  stage.subscribe("weekly");
  stage.socket.open();
  await stage.wait(2_000);
  stage.socket.receive(stage.pong(), snapshot(1));
  await stage.wait(3_000);
  assert.deepEqual(stage.client.status.staleSince, new Date(START + 2_000));
  stage.socket.receive(snapshot(1, { board: "weekly" }));
  assert.equal(stage.client.status.staleSince, null);
});

test("clock that is set back does not stop the pings", async () => {
  let back = 0;
  const stage = new Stage();
  stage.client.close();
  const other = new Stage({ now: () => stage.time.now() - back, setTimeout: stage.time.setTimeout, clearTimeout: stage.time.clearTimeout });
  other.live();
  back = 3_600_000;
  await stage.wait(2 * timing.pingInterval + 10);
  assert.ok(other.sockets[0].pings >= 2);
});

test("socket that has an error and never closes is given up at once", () => {
  const stage = new Stage();
  stage.subscribe();
  stage.socket.onerror?.({});
  assert.equal(stage.client.status.attempt, 1);
});

test("reconnect tries at once, however long the wait would be", async () => {
  const stage = new Stage();
  stage.subscribe();
  await stage.wait(1);
  for (let failure = 0; failure < 6; failure += 1) {
    stage.socket.drop();
    await stage.wait(Math.max(1, (stage.client.status.retryAt?.getTime() ?? 0) - stage.time.now()));
  }
  stage.socket.drop();
  const { length } = stage.sockets;
  await stage.wait(100);
  assert.equal(stage.sockets.length, length, "it waits");
  stage.client.reconnect();
  await stage.wait(1);
  assert.equal(stage.sockets.length, length + 1);
});

test("reconnect leaves a connection that is well alone, and a closed client closed", async () => {
  const stage = new Stage();
  stage.subscribe();
  stage.socket.open();
  await stage.wait(200);
  stage.client.reconnect();
  await stage.wait(1);
  assert.equal(stage.sockets.length, 1);
  stage.client.close();
  stage.client.reconnect();
  await stage.wait(1_000);
  assert.equal(stage.sockets.length, 1);
});

/** Problems: each is reported once for its cause, says what to do, and ends when it is solved. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { current, snapshot, Stage, START, update } from "./stage.js";

const http = "https://example.test";
const MINUTE = 60_000;

// Newer runtimes have a WebSocket. A test that gives none stands for Node.js 20, which has none.
Reflect.deleteProperty(globalThis, "WebSocket");

test("sockets that never open while HTTP answers are one problem that names allowedOrigins", async () => {
  const stage = new Stage({ http });
  stage.subscribe();
  stage.request.answer(200, snapshot(1));
  await stage.refuse(3);
  assert.deepEqual(stage.codes, []);
  await stage.refuse(8);
  assert.deepEqual(stage.codes, ["socket_blocked"]);
  assert.deepEqual(stage.unsolved, ["socket_blocked"]);
  assert.match(stage.problems[0].message, /answers over HTTP.*`allowedOrigins`/s);
  stage.socket.open();
  assert.deepEqual(stage.unsolved, []);
});

test("two addresses without an answer are one problem that names both, within seconds, until one answers", async () => {
  const stage = new Stage({ http });
  stage.subscribe();
  stage.request.fail();
  await stage.refuse(3);
  assert.deepEqual(stage.codes, [], "a moment's trouble looks the same");
  await stage.refuse(1);
  await stage.wait(START + 7_000 - stage.time.now());
  assert.deepEqual(stage.codes, ["unreachable"]);
  assert.match(stage.problems[0].message, /could not be reached.*Check.*`http`.*`socket`/s);
  await stage.refuse(6);
  assert.deepEqual(stage.codes, ["unreachable"]);
  (await stage.nextRead()).answer(200, snapshot(1));
  await stage.wait(10);
  assert.deepEqual(stage.unsolved, ["socket_blocked"]);
  stage.socket.open();
  assert.deepEqual(stage.unsolved, []);
});

test("two addresses that swallow what is sent are named within 8 seconds", async () => {
  const stage = new Stage({ http });
  stage.subscribe();
  await stage.wait(8_000);
  assert.deepEqual(stage.codes, ["unreachable"]);
  await stage.wait(MINUTE);
  assert.deepEqual(stage.codes, ["unreachable"]);
  stage.socket.open();
  assert.deepEqual(stage.unsolved, []);
});

test("socket's address that swallows what is sent is named within 8 seconds", async () => {
  for (const options of [{ http }, {}]) {
    const stage = new Stage(options);
    stage.subscribe();
    stage.request?.answer(200, snapshot(1));
    await stage.wait(8_000);
    assert.deepEqual(stage.codes, ["socket_blocked"]);
    assert.match(stage.problems[0].message, /no socket opened in [\d.]+ seconds.*`socket`/is);
    stage.socket.open();
    assert.deepEqual(stage.unsolved, []);
  }
});

test("socket that takes 6 seconds to open is no problem", async () => {
  const stage = new Stage({ http });
  stage.subscribe();
  await stage.wait(5_500);
  stage.request.answer(200, snapshot(1));
  await stage.wait(500);
  stage.socket.open();
  stage.answerPings().socket.receive(stage.pong(), snapshot(1));
  await stage.wait(MINUTE);
  assert.deepEqual(stage.codes, []);
});

test("socket that opened while the page was busy is no problem", async () => {
  let busy = 0;
  /** @type {Stage} */
  const stage = new Stage({ now: () => START + busy });
  stage.subscribe();
  busy = 6_000;
  // The timers come late, and before what the network brought meanwhile.
  await stage.wait(5_100);
  stage.socket.open();
  assert.deepEqual(stage.codes, []);
});

test("two addresses of another site are one problem within seconds", async () => {
  const stage = new Stage({ http });
  stage.subscribe();
  for (let tenth = 0; tenth < 80; tenth += 1) {
    for (const request of stage.requests.splice(0)) request.answer(404, { message: "Not Found" });
    if (!stage.socket.isClosed) stage.socket.drop();
    await stage.wait(100);
  }
  assert.deepEqual(stage.codes, ["http_failed"]);
});

test("unknown board of a service whose socket is blocked is not called unreachable", async () => {
  const stage = new Stage({ http });
  stage.subscribe("nowhere");
  stage.request.answer(404, { code: "board_not_found", title: "Not found", detail: "No board nowhere" });
  await stage.refuse(8);
  assert.deepEqual(stage.codes, ["board_not_found", "socket_blocked"]);
  assert.match(stage.problems[1].message, /answers over HTTP/);
});

test("lost socket that was open once is not reported, though HTTP answers", async () => {
  const stage = new Stage({ http });
  stage.subscribe();
  stage.request.answer(200, snapshot(1));
  stage.socket.open();
  await stage.refuse(10);
  assert.deepEqual(stage.codes, []);
});

test("browser that says it is offline is not reported", async () => {
  const stage = new Stage({ http });
  stage.subscribe();
  stage.request.answer(200, snapshot(1));
  await stage.wait(10);
  stage.page.connect(false);
  await stage.refuse(6);
  assert.deepEqual(stage.codes, []);
});

test("without HTTP the problem says that the service may be down", async () => {
  const stage = new Stage();
  stage.subscribe();
  await stage.refuse(10);
  assert.deepEqual(stage.codes, ["socket_blocked"]);
  assert.match(stage.problems[0].message, /`allowedOrigins`/);
  assert.doesNotMatch(stage.problems[0].message, /answers over HTTP/);
});

test("missing WebSocket is one problem that says how to get one, and the boards are polled", async () => {
  const stage = new Stage({ http, WebSocket: undefined });
  stage.subscribe();
  stage.subscribe();
  stage.request.answer(200, snapshot(1));
  for (let read = 0; read < 10; read += 1) (await stage.nextRead()).answer(200, snapshot(1));
  await stage.wait(10);
  assert.deepEqual(stage.codes, ["websocket_missing"]);
  assert.deepEqual(stage.unsolved, ["websocket_missing"]);
  assert.match(stage.problems[0].message, /npm install ws.*polled/s);
  assert.equal(stage.client.status.state, "polling");
});

test("missing WebSocket without HTTP is reported and does not throw: a page that is rendered on a server imports it, too", async () => {
  const stage = new Stage({ WebSocket: undefined });
  stage.subscribe();
  await stage.wait(MINUTE);
  assert.deepEqual(stage.codes, ["websocket_missing"]);
  assert.match(stage.problems[0].message, /npm install ws/);
  assert.doesNotMatch(stage.problems[0].message, /polled/);
});

test("unknown board is reported once, over HTTP or the socket and however often it is asked for", async () => {
  const stage = new Stage({ http });
  stage.subscribe("nowhere");
  stage.request.answer(404, { code: "board_not_found", title: "Not found", detail: "No board nowhere" });
  for (let connection = 0; connection < 3; connection += 1) {
    stage.socket.open();
    stage.socket.receive(stage.pong(), { type: "error", code: "board_not_found", message: "No such board", board: "nowhere" });
    stage.socket.drop();
    await stage.wait(10_000);
  }
  assert.deepEqual(stage.codes, ["board_not_found"]);
  stage.socket.open();
  stage.socket.receive(stage.pong(), snapshot(0, { board: "nowhere", epoch: null, entries: [] }));
  assert.deepEqual(stage.unsolved, []);
});

test("problem of a board ends with its subscription, and comes back with it", async () => {
  const stage = new Stage().live();
  const refusal = { type: "error", code: "board_not_found", message: "No such board", board: "nowhere" };
  for (let round = 1; round < 3; round += 1) {
    const off = stage.subscribe("nowhere");
    stage.socket.receive(refusal);
    assert.deepEqual(stage.unsolved, ["board_not_found"]);
    off();
    await stage.wait(6_000);
    assert.deepEqual(stage.unsolved, []);
    assert.equal(stage.problems.length, round);
  }
});

test("refusals of the service are reported once until the board is answered", async () => {
  const stage = new Stage().live();
  const refusal = { type: "error", code: "unavailable", message: "A table did not answer.", board: "global" };
  stage.socket.receive(update(5, 6), refusal, refusal, refusal);
  assert.deepEqual(stage.codes, ["unavailable"]);
  stage.socket.receive(snapshot(6));
  assert.deepEqual(stage.unsolved, []);
  stage.socket.receive(refusal);
  assert.deepEqual(stage.codes, ["unavailable", "unavailable"]);
});

test("another refusal takes the place of the one before", () => {
  const stage = new Stage().live();
  const refusal = { type: "error", code: "unavailable", message: "A table did not answer.", board: "global" };
  stage.socket.receive(update(5, 6), refusal, { ...refusal, code: "internal_error" });
  assert.deepEqual(stage.codes, ["unavailable", "internal_error"]);
  assert.deepEqual(stage.unsolved, ["internal_error"]);
});

test("refusal of a frame that names no board is over with the next answer", () => {
  const stage = new Stage().live();
  stage.socket.receive({ type: "error", code: "rate_limited", message: "Too many messages" }, { type: "error", code: "rate_limited", message: "Too many messages" });
  assert.deepEqual(stage.unsolved, ["rate_limited"]);
  stage.socket.receive(stage.pong({ global: current(1) }));
  assert.deepEqual([stage.codes, stage.unsolved], [["rate_limited"], []]);
});

test("failing fetchTicket is one problem, until a connection opens", async () => {
  let works = false;
  const stage = new Stage({ fetchTicket: async () => (works ? "a.b.c" : Promise.reject(new Error("signed out"))) });
  stage.subscribe();
  await stage.wait(MINUTE);
  assert.deepEqual(stage.codes, ["ticket_failed"]);
  assert.match(stage.problems[0].message, /fetchTicket/);
  works = true;
  while (stage.sockets.length === 0) await stage.wait(50);
  stage.socket.open();
  assert.deepEqual(stage.unsolved, []);
});

test("problem goes to the console only if nobody listens", ({ mock }) => {
  const warn = mock.method(console, "warn", () => {});
  const refuseBoard = (/** @type {Stage} */ { socket }, /** @type {string} */ board) =>
    socket.receive({ type: "error", code: "board_not_found", message: `There is no board ${board}.`, requestId: "r", board });
  const stage = new Stage().live();
  stage.subscribe("heard");
  refuseBoard(stage, "heard");
  assert.deepEqual(stage.codes, ["board_not_found"]);
  assert.equal(warn.mock.callCount(), 0);
  stage.ignoreProblems();
  stage.subscribe("unheard");
  refuseBoard(stage, "unheard");
  assert.equal(stage.problems.length, 1);
  const warnings = warn.mock.calls.map(({ arguments: [text] }) => text);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0], /^leaderboard-client: .*unheard/);
});

test("problems end with the client", async () => {
  const stage = new Stage({ http, WebSocket: undefined });
  stage.subscribe();
  await stage.wait(10);
  stage.client.close();
  assert.deepEqual(stage.unsolved, []);
});

test("problems are frozen", async () => {
  const stage = new Stage({ http, WebSocket: undefined });
  stage.subscribe();
  await stage.wait(10);
  assert.ok(stage.problems.every(Object.isFrozen));
});

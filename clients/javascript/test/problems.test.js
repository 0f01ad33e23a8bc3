/** What needs somebody: each problem is told once for its cause, says what to do, and goes away when it is solved. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { createLeaderboard } from "../src/index.js";
import { topReader } from "../src/top.js";
import { response } from "./weather/network.js";
import { current, FakeSocket, snapshot, Stage, update } from "./stage.js";

const http = "https://example.test";
const MINUTE = 60_000;

/** @param {Stage} stage */
const codes = ({ problems }) => problems.map(({ code }) => code);
/** @param {Stage} stage */
const unsolved = ({ client }) => client.status.problems.map(({ code }) => code);

/**
 * The read after this one.
 * @param {Stage} stage
 */
async function nextRead(stage) {
  const { length } = stage.requests;
  for (let waited = 0; stage.requests.length === length && waited < 2 * MINUTE; waited += 50) await stage.wait(50);
  return stage.request;
}

/**
 * Sockets are refused at the handshake, which a page cannot tell from an outage.
 * @param {Stage} stage
 * @param {number} times
 */
async function refuse(stage, times) {
  for (let attempt = 0; attempt < times; attempt += 1) {
    const { length } = stage.sockets;
    stage.socket.drop();
    for (let waited = 0; stage.sockets.length === length && waited < MINUTE; waited += 50) await stage.wait(50);
  }
}

test("sockets that never open while HTTP answers are one problem that names allowedOrigins", async () => {
  const stage = new Stage({ http });
  stage.subscribe();
  stage.request.answer(200, snapshot(1));
  await refuse(stage, 3);
  assert.deepEqual(codes(stage), []);
  await refuse(stage, 8);
  assert.deepEqual(codes(stage), ["socket_blocked"]);
  assert.deepEqual(unsolved(stage), ["socket_blocked"]);
  assert.match(stage.problems[0].message, /answers over HTTP.*`allowedOrigins`/s);
  stage.socket.open();
  assert.deepEqual(unsolved(stage), []);
});

test("outage is no problem: neither HTTP nor a socket", async () => {
  const stage = new Stage({ http });
  stage.subscribe();
  stage.request.fail();
  await refuse(stage, 10);
  assert.deepEqual(codes(stage), []);
});

test("socket that was open once and is lost is no problem, though HTTP answers", async () => {
  const stage = new Stage({ http });
  stage.subscribe();
  stage.request.answer(200, snapshot(1));
  stage.socket.open();
  await refuse(stage, 10);
  assert.deepEqual(codes(stage), []);
});

test("browser that says it is offline is no problem", async () => {
  const stage = new Stage({ http });
  stage.subscribe();
  stage.request.answer(200, snapshot(1));
  await stage.wait(10);
  stage.page.connect(false);
  await refuse(stage, 6);
  assert.deepEqual(codes(stage), []);
});

test("without HTTP the problem says that the service may be down", async () => {
  const stage = new Stage();
  stage.subscribe();
  await refuse(stage, 10);
  assert.deepEqual(codes(stage), ["socket_blocked"]);
  assert.match(stage.problems[0].message, /`allowedOrigins`/);
  assert.doesNotMatch(stage.problems[0].message, /answers over HTTP/);
});

test("answer that the page may not read means that its origin is refused", async () => {
  /** @type {RequestInit[]} */
  const asked = [];
  const read = topReader({
    http,
    cached: true,
    fetch: async (_, init) => {
      asked.push(init ?? {});
      if (init?.mode !== "no-cors") throw new TypeError("Failed to fetch");
      return response(0, new SyntaxError("opaque"));
    },
  });
  const reading = await read("global", new AbortController().signal);
  assert.ok("problem" in reading && reading.problem);
  assert.equal(reading.problem.code, "origin_refused");
  assert.match(reading.problem.message, /`allowedOrigins`/);
  assert.equal(asked.length, 2);
});

test("service that is down, or was readable before, does not refuse the origin", async () => {
  let up = false;
  /** @type {string[]} */
  const modes = [];
  const read = topReader({
    http,
    cached: true,
    fetch: async (_, init) => {
      modes.push(init?.mode ?? "cors");
      if (!up) throw new TypeError("Failed to fetch");
      return response(200, snapshot(1));
    },
  });
  const { signal } = new AbortController();
  const down = await read("global", signal);
  assert.ok(!("top" in down) && down.problem === undefined);
  up = true;
  assert.ok("top" in (await read("global", signal)));
  up = false;
  modes.length = 0;
  await read("global", signal);
  assert.deepEqual(modes, ["cors"]);
});

test("refused origin is one problem in a page, whose sockets do not open either", async () => {
  const stage = new Stage({ http });
  Object.assign(globalThis, { importScripts: null });
  try {
    const { problems, sockets, time } = stage;
    const client = createLeaderboard({
      http,
      socket: "wss://example.test/dev",
      WebSocket: class extends FakeSocket {
        /** @param {string} url */
        constructor(url) {
          super(url);
          sockets.push(this);
        }
      },
      fetch: async (_, init) => {
        if (init?.mode !== "no-cors") throw new TypeError("Failed to fetch");
        return response(0, new SyntaxError("opaque"));
      },
      page: null,
      now: time.now,
      random: () => 0.5,
      setTimeout: time.setTimeout,
      clearTimeout: time.clearTimeout,
    });
    client.on("problem", (problem) => problems.push(problem));
    client.subscribe("global", () => {});
    await stage.wait(10);
    assert.deepEqual(codes(stage), [], "a moment's trouble looks the same");
    await refuse(stage, 8);
    assert.deepEqual(codes(stage), ["origin_refused"]);
    stage.socket.open();
    assert.deepEqual(client.status.problems, []);
    client.close();
  } finally {
    Reflect.deleteProperty(globalThis, "importScripts");
  }
});

test("missing WebSocket is one problem that says how to get one, and the boards are polled", async () => {
  const stage = new Stage({ http, WebSocket: undefined });
  stage.subscribe();
  stage.subscribe();
  stage.request.answer(200, snapshot(1));
  for (let read = 0; read < 10; read += 1) (await nextRead(stage)).answer(200, snapshot(1));
  await stage.wait(10);
  assert.deepEqual(codes(stage), ["websocket_missing"]);
  assert.deepEqual(unsolved(stage), ["websocket_missing"]);
  assert.match(stage.problems[0].message, /npm install ws.*polled/s);
  assert.equal(stage.client.status.state, "polling");
});

test("missing WebSocket without HTTP is a problem and no error: a page that is rendered on a server imports it, too", async () => {
  const stage = new Stage({ WebSocket: undefined });
  stage.subscribe();
  await stage.wait(MINUTE);
  assert.deepEqual(codes(stage), ["websocket_missing"]);
  assert.match(stage.problems[0].message, /npm install ws/);
  assert.doesNotMatch(stage.problems[0].message, /polled/);
});

test("HTTP that is dead, without a socket, is one problem that names the address and what it answered", async () => {
  const stage = new Stage({ http: "https://example.test/api", socket: undefined });
  stage.subscribe();
  stage.request.answer(404, { message: "Not Found" });
  await stage.wait(10);
  assert.deepEqual(codes(stage), []);
  for (let read = 0; read < 5; read += 1) (await nextRead(stage)).answer(404, { message: "Not Found" });
  await stage.wait(10);
  assert.deepEqual(codes(stage), ["http_failed"]);
  assert.match(stage.problems[0].message, /https:\/\/example\.test\/api\/boards\/global\/top answered 404.*Check.*`http`/s);
  (await nextRead(stage)).answer(200, snapshot(1));
  await stage.wait(10);
  assert.deepEqual(unsolved(stage), []);
});

test("board that cannot be read beside one that can is no sign of a dead HTTP", async () => {
  const stage = new Stage({ http, socket: undefined });
  stage.subscribe();
  stage.subscribe("weekly");
  for (let step = 0; step < 1_000; step += 1) {
    for (const request of stage.requests.splice(0)) request.answer(200, snapshot(1));
    await stage.wait(100);
  }
  assert.deepEqual(codes(stage), []);
});

test("each way in which HTTP is dead is said", async () => {
  const ways = /** @type {[(request: Stage["request"]) => void, RegExp][]} */ ([
    [(request) => request.fail(), /could not be reached/],
    [(request) => request.answer(200), /is not JSON/],
    [(request) => request.answer(200, { hello: "world" }), /is not a board/],
    [() => {}, /did not answer in time/],
  ]);
  for (const [fail, expected] of ways) {
    const stage = new Stage({ http, socket: undefined });
    stage.subscribe();
    fail(stage.request);
    for (let read = 0; read < 3; read += 1) fail(await nextRead(stage));
    assert.deepEqual(codes(stage), ["http_failed"]);
    assert.match(stage.problems[0].message, expected);
    stage.client.close();
  }
});

test("board that does not exist is told once, by whatever way and however often it is asked for", async () => {
  const stage = new Stage({ http });
  stage.subscribe("nowhere");
  stage.request.answer(404, { code: "board_not_found", title: "Not found", detail: "No board nowhere" });
  for (let connection = 0; connection < 3; connection += 1) {
    stage.socket.open();
    stage.socket.receive(stage.pong(), { type: "error", code: "board_not_found", message: "No such board", board: "nowhere" });
    stage.socket.drop();
    await stage.wait(10_000);
  }
  assert.deepEqual(codes(stage), ["board_not_found"]);
  stage.socket.open();
  stage.socket.receive(stage.pong(), snapshot(0, { board: "nowhere", epoch: null, entries: [] }));
  assert.deepEqual(unsolved(stage), []);
});

test("problem of a board goes with the board, and comes again with it", async () => {
  const stage = new Stage().live();
  const refusal = { type: "error", code: "board_not_found", message: "No such board", board: "nowhere" };
  for (let round = 1; round < 3; round += 1) {
    const off = stage.subscribe("nowhere");
    stage.socket.receive(refusal);
    assert.deepEqual(unsolved(stage), ["board_not_found"]);
    off();
    await stage.wait(6_000);
    assert.deepEqual(unsolved(stage), []);
    assert.equal(stage.problems.length, round);
  }
});

test("refusals of the service are told once until the board is answered", async () => {
  const stage = new Stage().live();
  const refusal = { type: "error", code: "unavailable", message: "A table did not answer.", board: "global" };
  stage.socket.receive(update(5, 6), refusal, refusal, refusal);
  assert.deepEqual(codes(stage), ["unavailable"]);
  stage.socket.receive(snapshot(6));
  assert.deepEqual(unsolved(stage), []);
  stage.socket.receive(refusal);
  assert.deepEqual(codes(stage), ["unavailable", "unavailable"]);
});

test("refusal of a frame that names no board is over with the next answer", () => {
  const stage = new Stage().live();
  stage.socket.receive({ type: "error", code: "rate_limited", message: "Too many messages" }, { type: "error", code: "rate_limited", message: "Too many messages" });
  assert.deepEqual(unsolved(stage), ["rate_limited"]);
  stage.socket.receive(stage.pong({ global: current(1) }));
  assert.deepEqual([codes(stage), unsolved(stage)], [["rate_limited"], []]);
});

test("ticket that cannot be had is one problem, until a connection opens", async () => {
  let works = false;
  const stage = new Stage({ fetchTicket: async () => (works ? "a.b.c" : Promise.reject(new Error("signed out"))) });
  stage.subscribe();
  await stage.wait(MINUTE);
  assert.deepEqual(codes(stage), ["ticket_failed"]);
  assert.match(stage.problems[0].message, /fetchTicket/);
  works = true;
  while (stage.sockets.length === 0) await stage.wait(50);
  stage.socket.open();
  assert.deepEqual(unsolved(stage), []);
});

test("problem is warned of on the console where nobody listens, and only there", ({ mock }) => {
  const warn = mock.method(console, "warn", () => {});
  const refuse = (/** @type {Stage} */ { socket }, /** @type {string} */ board) =>
    socket.receive({ type: "error", code: "board_not_found", message: `There is no board ${board}.`, requestId: "r", board });
  const stage = new Stage().live();
  stage.subscribe("heard");
  refuse(stage, "heard");
  assert.deepEqual(codes(stage), ["board_not_found"]);
  assert.equal(warn.mock.callCount(), 0);
  stage.ignoreProblems();
  stage.subscribe("unheard");
  refuse(stage, "unheard");
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
  assert.deepEqual(unsolved(stage), []);
});

test("problems are frozen", async () => {
  const stage = new Stage({ http, WebSocket: undefined });
  stage.subscribe();
  await stage.wait(10);
  assert.ok(stage.problems.every(Object.isFrozen));
});

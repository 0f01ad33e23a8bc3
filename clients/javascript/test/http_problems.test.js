/** Problems of HTTP: a refused origin, and an address that never answers. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { createLeaderboard } from "../src/index.js";
import { parseTop } from "../src/frame.js";
import { topReader } from "../src/top.js";
import { response } from "./weather/network.js";
import { FakeSocket, snapshot, Stage } from "./stage.js";

const http = "https://example.test";

test("answer that the page may not read means that its origin is refused", async () => {
  /** @type {RequestInit[]} */
  const asked = [];
  const read = topReader({
    http,
    cached: true,
    parseTop,
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
    parseTop,
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
    assert.deepEqual(stage.codes, [], "a moment's trouble looks the same");
    await stage.refuse(8);
    assert.deepEqual(stage.codes, ["origin_refused"]);
    stage.socket.open();
    assert.deepEqual(client.status.problems, []);
    client.close();
  } finally {
    Reflect.deleteProperty(globalThis, "importScripts");
  }
});

test("HTTP that is dead, without a socket, is one problem that names the address and what it answered", async () => {
  const stage = new Stage({ http: "https://example.test/api", socket: undefined });
  stage.subscribe();
  stage.request.answer(404, { message: "Not Found" });
  await stage.wait(10);
  assert.deepEqual(stage.codes, []);
  for (let read = 0; read < 5; read += 1) (await stage.nextRead()).answer(404, { message: "Not Found" });
  await stage.wait(10);
  assert.deepEqual(stage.codes, ["http_failed"]);
  assert.match(stage.problems[0].message, /https:\/\/example\.test\/api\/boards\/global\/top answered 404.*Check.*`http`/s);
  (await stage.nextRead()).answer(200, snapshot(1));
  await stage.wait(10);
  assert.deepEqual(stage.unsolved, []);
});

test("address that is another site's is one problem beside a live socket, too, and read no more than twice", async () => {
  const stage = new Stage({ http: "https://example.test/shop" });
  stage.subscribe();
  stage.request.answer(404, { message: "Not Found" });
  stage.socket.open();
  stage.answerPings().socket.receive(stage.pong(), snapshot(1));
  await stage.wait(10);
  assert.deepEqual(stage.codes, [], "once may be a hotel's sign-in page");
  (await stage.nextRead()).answer(200);
  await stage.wait(120_000);
  assert.deepEqual(stage.codes, ["http_failed"]);
  assert.match(stage.problems[0].message, /https:\/\/example\.test\/shop\/boards\/global\/top.*is not JSON, 2 times in a row\. Check.*`http`/s);
  assert.equal(stage.requests.length, 2);
  assert.equal(stage.client.status.state, "live");
});

test("gateway that is busy, and an outage of HTTP alone, are no problem beside a live socket", async () => {
  const ways = /** @type {((request: Stage["request"]) => void)[]} */ ([
    (request) => request.answer(503),
    (request) => request.answer(429, { message: "Too Many Requests" }),
    (request) => request.fail(),
  ]);
  for (const answer of ways) {
    const stage = new Stage({ http });
    stage.subscribe();
    stage.socket.open();
    stage.answerPings().socket.receive(stage.pong(), snapshot(1));
    for (let step = 0; step < 1_200; step += 1) {
      for (const request of stage.requests.splice(0)) answer(request);
      await stage.wait(100);
    }
    assert.deepEqual(stage.codes, []);
    stage.client.close();
  }
});

test("network that answers in place of the service, whose address has worked, is no problem of the address", async () => {
  const stage = new Stage({ http });
  stage.subscribe();
  stage.request.answer(200, snapshot(1));
  await stage.wait(10);
  stage.socket.open();
  stage.socket.drop();
  for (let read = 0; read < 4; read += 1) (await stage.nextRead()).answer(200);
  await stage.wait(10);
  assert.deepEqual(stage.codes, []);
});

test("board that cannot be read beside one that can does not make HTTP a problem", async () => {
  const stage = new Stage({ http, socket: undefined });
  stage.subscribe();
  stage.subscribe("weekly");
  for (let step = 0; step < 1_000; step += 1) {
    for (const request of stage.requests.splice(0)) request.answer(200, snapshot(1));
    await stage.wait(100);
  }
  assert.deepEqual(stage.codes, []);
});

test("message says in which way HTTP is dead", async () => {
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
    for (let read = 0; read < 3; read += 1) fail(await stage.nextRead());
    assert.deepEqual(stage.codes, ["http_failed"]);
    assert.match(stage.problems[0].message, expected);
    stage.client.close();
  }
});

test("refused origin is a problem of a page that only reads", async () => {
  Object.assign(globalThis, { importScripts: null });
  try {
    const stage = new Stage({ http, socket: undefined, fetch: (_, init) => (init?.mode === "no-cors" ? Promise.resolve(response(0, {})) : Promise.reject(new TypeError("Failed to fetch"))) });
    stage.subscribe();
    await stage.wait(200);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.deepEqual(stage.codes, ["origin_refused"]);
    stage.client.close();
  } finally {
    Reflect.deleteProperty(globalThis, "importScripts");
  }
});

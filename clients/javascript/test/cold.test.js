/** A client in a page that has loaded nothing but it: further parts come when they are needed. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { createLeaderboard } from "../src/index.js";
import { loaded } from "../src/loaded.js";

test("first client follows at once, reads as soon as it can, and says what is wrong", async () => {
  /** @type {string[]} */
  const did = [];
  /** @type {any[]} */
  const sockets = [];
  const client = createLeaderboard({
    http: "https://example.test",
    socket: "wss://example.test/dev",
    WebSocket: class {
      onopen = null;
      onmessage = null;
      onclose = null;
      onerror = null;
      constructor() {
        did.push("connect");
        sockets.push(this);
      }
      send() {}
      close() {}
    },
    fetch: async () => {
      did.push("read");
      throw new TypeError("fetch failed");
    },
    fetchTicket: undefined,
    random: () => 0,
  });
  assert.deepEqual([loaded.reads, loaded.remedies], [undefined, undefined]);
  client.subscribe("global", () => {});
  await null;
  assert.deepEqual(did, ["connect"], "a socket waits for nothing");
  while (did.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(did, ["connect", "read"]);
  sockets[0].onclose({});
  while (!loaded.remedies) await new Promise((resolve) => setTimeout(resolve, 5));
  client.close();
});

test("missing WebSocket is said by a client that is the first", async () => {
  /** @type {string[]} */
  const codes = [];
  const client = createLeaderboard({ socket: "wss://example.test/dev", WebSocket: /** @type {any} */ (null) });
  client.on("problem", ({ code }) => codes.push(code));
  client.subscribe("global", () => {});
  for (let waited = 0; codes.length === 0 && waited < 100; waited += 1) await new Promise((resolve) => setTimeout(resolve, 5));
  // Newer runtimes have one of their own.
  assert.deepEqual(codes, globalThis.WebSocket ? [] : ["websocket_missing"]);
  client.close();
});

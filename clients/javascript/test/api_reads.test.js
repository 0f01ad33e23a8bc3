/** Reads and calls: what is sent, what is tried again, and what the errors say. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { createApi, LeaderboardError } from "../src/api/index.js";
import { failing, withService } from "./api_stage.js";
import { problem, tokenOf } from "./loopback.js";

const top = { board: "global", season: "all", epoch: null, version: 0, total: 0, entries: [], endsAt: null };

test("reads ask the routes with what was given", withService(async ({ service, open }) => {
  const api = open();
  service.on("GET /boards", { body: { boards: [{ board: "global" }] } });
  assert.deepEqual(await api.boards(), [{ board: "global" }]);
  service.on("GET /boards/global/top", { body: top });
  assert.deepEqual(await api.top("global"), top);
  await api.top("global", { limit: 3, season: "2026-W48" });
  assert.deepEqual(service.of("GET /boards/global/top").map(({ query }) => query), ["", "limit=3&season=2026-W48"]);
  service.on("GET /boards/global/users/a%3Ab", { body: { entry: null } });
  await api.user("global", "a:b", { around: 2 });
  assert.equal(service.heard.at(-1)?.query, "around=2");
  service.on("POST /boards/global/entries/query", { body: { entries: [], unranked: ["bob"] } });
  assert.deepEqual((await api.query("global", ["bob"])).unranked, ["bob"]);
  assert.deepEqual(service.heard.at(-1)?.body, { userIds: ["bob"] });
  const users = [{ userId: "m", userName: "Müller" }];
  service.on("GET /users", { body: { users } });
  assert.deepEqual(await api.findUsers("mü"), users);
  await api.findUsers("a&b", { limit: 3 });
  assert.deepEqual(service.of("GET /users").map(({ query }) => query), ["name=m%C3%BC", "limit=3&name=a%26b"]);
  assert.deepEqual(service.heard.map(({ headers }) => headers.authorization), service.heard.map(() => undefined));
}));

test("entries are read page by page, in one season, and only as far as they are wanted", withService(async ({ service, open }) => {
  const api = open();
  const page = (/** @type {string[]} */ users, /** @type {string | null} */ nextCursor) => ({
    body: { ...top, season: "2026-W48", entries: users.map((userId) => ({ userId })), nextCursor },
  });
  service.on("GET /boards/global/entries", ({ query }) => (query.includes("cursor=") ? page(["cyd"], null) : page(["ann", "bob"], "a+b/c=")));
  /** @type {string[]} */
  const users = [];
  for await (const { userId } of api.entries("global", { limit: 2 })) users.push(userId);
  assert.deepEqual(users, ["ann", "bob", "cyd"]);
  assert.deepEqual(service.heard.map(({ query }) => query), ["limit=2", "limit=2&cursor=a%2Bb%2Fc%3D&season=2026-W48"]);
  for await (const _ of api.entries("global")) break;
  assert.equal(service.heard.length, 3);
}));

test("lines of a history are read page by page, in one season, and only as far as they are wanted", withService(async ({ service, open }) => {
  const api = open();
  const page = (/** @type {number[]} */ deltas, /** @type {string | null} */ nextCursor) => ({
    body: { board: "global", season: "2026-W48", lines: deltas.map((delta) => ({ delta })), nextCursor },
  });
  service.on("GET /boards/global/users/a%3Ab/history", ({ query }) => (query.includes("cursor=") ? page([1], null) : page([3, 2], "a+b/c=")));
  /** @type {number[]} */
  const deltas = [];
  for await (const { delta } of api.history("global", "a:b", { limit: 2 })) deltas.push(delta);
  assert.deepEqual(deltas, [3, 2, 1]);
  assert.deepEqual(service.heard.map(({ query }) => query), ["limit=2", "limit=2&cursor=a%2Bb%2Fc%3D&season=2026-W48"]);
  for await (const _ of api.history("global", "a:b")) break;
  assert.equal(service.heard.length, 3);
}));

test("read that fails in passing is tried again, and waits as long as the service says", withService(async ({ service, open }) => {
  service.on("GET /boards/global/top", problem(503, "unavailable", { retryAfter: 1 }), "cut", { body: top });
  const startedAt = performance.now();
  assert.deepEqual(await open().top("global"), top);
  assert.ok(performance.now() - startedAt >= 1_000);
  assert.equal(service.heard.length, 3);
}));

test("read is tried three times, and not at all again if it is refused or the wait is long", withService(async ({ service, open }) => {
  const api = open();
  service.on("GET /boards/global/top", problem(500, "internal"));
  await assert.rejects(api.top("global"), failing({ code: "internal", status: 500, temporary: true }));
  assert.equal(service.heard.length, 3);
  service.on("GET /boards/none/top", problem(404, "board_not_found"));
  await assert.rejects(api.top("none"), failing({ code: "board_not_found", temporary: false }));
  assert.equal(service.heard.length, 4);
  service.on("GET /boards/busy/top", problem(429, "rate_limited", { retryAfter: 11 }));
  await assert.rejects(api.top("busy"), failing({ code: "rate_limited", retryAfter: 11, temporary: true }));
  assert.equal(service.heard.length, 5);
}));

test("error says everything that the service said", withService(async ({ service, open }) => {
  const errors = [{ path: "query.limit", message: "Input should be less than or equal to 100" }];
  service.on("GET /boards/global/top", problem(422, "invalid", { detail: "The limit is too large.", errors }));
  await assert.rejects(
    open().top("global", { limit: 101 }),
    failing({ code: "invalid", status: 422, detail: "The limit is too large.", message: "The limit is too large.", requestId: "request-1", errors }),
  );
}));

test("answers of the gateway have codes of their own", withService(async ({ service, open }) => {
  const api = open();
  const codes = /** @type {[number, string][]} */ ([
    [401, "unauthorized"],
    [403, "forbidden"],
    [404, "not_found"],
    [413, "body_too_large"],
    [418, "http_418"],
  ]);
  for (const [status, code] of codes) {
    service.on("GET /boards", { status, body: { message: "Told by the gateway" }, headers: { "apigw-requestid": "gateway-1" } });
    await assert.rejects(api.boards(), failing({ code, status, detail: "Told by the gateway", requestId: "gateway-1" }));
  }
  for (const [status, code] of /** @type {[number, string][]} */ ([[429, "rate_limited"], [502, "unavailable"], [503, "unavailable"], [504, "unavailable"]])) {
    service.on("GET /boards", { status, text: "<html>" });
    await assert.rejects(api.boards(), failing({ code, status, temporary: true }));
  }
}));

test("network that fails, service that is slow and answer of somebody else are told apart", withService(async ({ service, open }) => {
  const api = open();
  service.on("GET /boards", "cut");
  await assert.rejects(api.boards(), (/** @type {any} */ error) => {
    assert.match(error.detail, /^http:.*\/boards could not be reached.*`allowedOrigins`/);
    return failing({ code: "connection_failed", status: 0, temporary: true })(error) && error.cause instanceof Error;
  });
  service.on("GET /boards", "hang");
  await assert.rejects(open({ timing: { timeout: 50 } }).boards(), failing({ code: "timeout", status: 0, temporary: true }));
  service.on("GET /boards", { text: "<html>Sign in to the hotel's network</html>" });
  await assert.rejects(api.boards(), failing({ code: "answer_unusable", status: 200, temporary: false }));
}));

test("signal ends a call with its own reason, while it waits for an answer or for the next try", withService(async ({ service, open }) => {
  const api = open({ timing: { retryBase: 60_000, retryCap: 60_000 }, random: () => 1 });
  const reason = new Error("left");
  await assert.rejects(api.boards({ signal: AbortSignal.abort(reason) }), reason);
  assert.equal(service.heard.length, 0);
  for (const reaction of /** @type {const} */ (["hang", "cut"])) {
    service.on("GET /boards", reaction);
    const controller = new AbortController();
    const call = api.boards({ signal: controller.signal });
    setTimeout(() => controller.abort(reason), 50);
    await assert.rejects(call, reason);
  }
}));

test("calls of a player carry the token, and those that count as attempts are not repeated", withService(async ({ service, open }) => {
  const token = tokenOf("ann");
  const api = open({ token: () => token });
  service.on("GET /me/scores", "cut", "cut", { body: { userId: "ann", userName: "Ann", scores: [] } });
  assert.equal((await api.scores()).userName, "Ann");
  service.on("PUT /me", problem(503, "unavailable"), { body: { userId: "ann", userName: "Anna" } });
  assert.equal((await api.rename("Anna")).userName, "Anna");
  assert.deepEqual(service.heard.at(-1)?.body, { userName: "Anna" });
  service.on("POST /boards/global/tickets", problem(503, "unavailable"), { status: 201, body: {} });
  await assert.rejects(api.ticket("global", "quiz"), failing({ code: "unavailable" }));
  assert.deepEqual(service.of("POST /boards/global/tickets").map(({ body }) => body), [{ action: "quiz" }]);
  assert.deepEqual(new Set(service.heard.map(({ headers }) => headers.authorization)), new Set([`Bearer ${token}`]));
  assert.equal(api.account.userId, "ann");
}));

test("socket ticket is what fetchTicket wants, and a visitor has none", withService(async ({ service, open }) => {
  service.on("POST /socket-tickets", { status: 201, body: { ticket: "once", expiresAt: "2026-11-23T08:15:30.123Z" } });
  const { socketTicket } = open({ token: () => tokenOf("ann") });
  assert.equal(await socketTicket(), "once");
  assert.equal(await open({ token: () => null }).socketTicket(), null);
  assert.equal(await open().socketTicket(), null);
  service.on("POST /socket-tickets", problem(403, "barred"));
  await assert.rejects(socketTicket(), failing({ code: "barred" }));
}));

test("options that do not fit together are refused at once", () => {
  const http = "https://example.test";
  assert.throws(() => createApi(/** @type {any} */ ({})), /`http`/);
  assert.throws(() => createApi({ http, cognito: "https://cognito.test" }), /together/);
  assert.throws(() => createApi({ http, cognito: "https://cognito.test", webClientId: "web", token: () => null }), /not both/);
  assert.ok(new LeaderboardError("internal") instanceof Error);
});

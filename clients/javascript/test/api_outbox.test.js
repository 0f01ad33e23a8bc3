/** A completed action reaches the service, whatever happens to the network and the page, and counts once. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { counted, counter, keptIn, SCORES, ticketOf, token, toldBy } from "./api_actions.js";
import { failing, withService } from "./api_stage.js";
import { eventually, exception, FakeStore, problem, signedIn } from "./loopback.js";

test("completed action is sent with its evidence, and nothing of it is kept", withService(async ({ service, open }) => {
  const storage = new FakeStore();
  service.on(SCORES, counted);
  const api = open({ token, storage });
  const told = toldBy(api);
  assert.deepEqual(await api.complete("global", ticketOf("t1"), { evidence: { answer: 1 } }), counted.body);
  assert.deepEqual(service.heard.map(({ body }) => body), [{ ticket: "t1", evidence: { answer: 1 } }]);
  assert.deepEqual(keptIn(storage), []);
  assert.deepEqual(told, [], "who waits is not told twice");
}));

test("answer that was lost comes again, and the action counts once", withService(async ({ service, open }) => {
  const { counts, react } = counter();
  const lose = (/** @type {import("./loopback.js").Heard} */ heard) => react(heard).then(() => /** @type {const} */ ("cut"));
  const refusals = [problem(503, "unavailable"), problem(503, "judge_failed"), problem(429, "rate_limited"), problem(409, "ticket_too_early")];
  service.on(SCORES, lose, ...refusals, "hang", react);
  const { replayed } = await open({ token, timing: { timeout: 2_000 } }).complete("global", ticketOf("t1"));
  assert.equal(replayed, true);
  assert.equal(counts.score, 5);
  assert.equal(service.heard.length, 7);
}));

test("who waits is told why an action is sent again, and in how long", withService(async ({ service, open }) => {
  // A lost answer is asked for again at once, with a new token.
  service.on(SCORES, "cut", "cut", problem(503, "unavailable", { retryAfter: 1 }), counted);
  const api = open({ token });
  /** @type {[string, number][]} */
  const told = [];
  const startedAt = performance.now();
  await api.complete("global", ticketOf("t1"), {
    onRetry: (error, wait) => told.push([error.code, wait]),
  });
  assert.deepEqual(told.map(([code]) => code), ["connection_failed", "unavailable"]);
  assert.ok(told[0][1] < 10 && told[1][1] >= 1_000 && told[1][1] <= performance.now() - startedAt, String(told));
}));

test("who stopped waiting is told of no further try", withService(async ({ service, open }) => {
  service.on(SCORES, "cut");
  const api = open({ token });
  const controller = new AbortController();
  let told = 0;
  const call = api.complete("global", ticketOf("t1"), { signal: controller.signal, onRetry: () => (told += 1) });
  await eventually(() => told > 0, "a try that failed");
  controller.abort(new Error("left"));
  await assert.rejects(call, { message: "left" });
  const [before, sent] = [told, service.heard.length];
  await eventually(() => service.heard.length > sent + 2, "further tries");
  assert.equal(told, before);
}));

test("evidence is what it was when the action was completed, also of a ticket without its times", withService(async ({ service, open }) => {
  service.on(SCORES, "cut", "cut", counted);
  const evidence = { touches: [1] };
  const call = open({ token }).complete("global", "t1", { evidence });
  evidence.touches.push(2);
  await call;
  assert.deepEqual(service.heard.map(({ body }) => body), Array(3).fill({ ticket: "t1", evidence: { touches: [1] } }));
  await assert.rejects(open({ token }).complete("global", "t2", { evidence: 1n }), TypeError);
}));

test("sign-in that is busy costs no action", withService(async ({ service, open }) => {
  const api = open();
  const broken = { status: 500, body: { __type: "InternalErrorException" } };
  service.on("InitiateAuth", signedIn("ann"), exception("TooManyRequestsException"), broken, signedIn("ann", {}));
  await api.account.signIn("ann@example.com", "x");
  const unauthorized = { status: 401, body: { message: "Unauthorized" } };
  service.on(SCORES, unauthorized, unauthorized, unauthorized, counted);
  assert.deepEqual(await api.complete("global", ticketOf("t1")), counted.body);
}));

test("refusal is told at once, and the action is kept no longer", withService(async ({ service, open }) => {
  const storage = new FakeStore();
  const api = open({ token, storage });
  const refusals = /** @type {[number, string][]} */ ([
    [410, "ticket_expired"],
    [409, "ticket_superseded"],
    [403, "ticket_invalid"],
    [409, "score_limit"],
    [403, "barred"],
    [422, "invalid"],
  ]);
  for (const [status, code] of refusals) {
    service.on(SCORES, problem(status, code));
    await assert.rejects(api.complete("global", ticketOf(code)), failing({ code, status }));
    assert.deepEqual(keptIn(storage), []);
  }
  assert.equal(service.heard.length, refusals.length);
}));

test("action without an answer is given up after the ticket's life on this page", withService(async ({ service, open }) => {
  const storage = new FakeStore();
  service.on(SCORES, "cut");
  const api = open({ token, storage, now: () => 0 }); // The clock is wrong by decades.
  const call = api.complete("global", ticketOf("t1", { life: 500 }));
  await assert.rejects(call, (/** @type {any} */ error) => failing({ code: "ticket_expired", status: 0 })(error) && error.cause.code === "connection_failed");
  assert.ok(service.heard.length >= 3, "it was tried again");
  assert.deepEqual(keptIn(storage), []);
}));

test("ticket that is not good yet is waited for, unless the clock cannot be right", withService(async ({ service, open }) => {
  service.on(SCORES, counted);
  const startedAt = performance.now();
  await open({ token, timing: { earliness: 1_000 } }).complete("global", ticketOf("t1", { from: Date.now() + 200 }));
  assert.ok(performance.now() - startedAt >= 190);
  const api = open({ token, timing: { earliness: 1_000 } });
  const ticket = ticketOf("t2", { from: Date.now() + 86_400_000 });
  assert.deepEqual(await api.complete("global", ticket, { signal: AbortSignal.timeout(10_000) }), counted.body);
}));

test("action of a page that was closed is sent by the next one, which is told", withService(async ({ service, open }) => {
  const storage = new FakeStore();
  service.on(SCORES, "cut");
  const closed = open({ token, storage });
  const call = closed.complete("global", ticketOf("t1"), { evidence: [1] });
  await eventually(() => service.heard.length > 1, "tries");
  closed.close();
  await assert.rejects(call, { name: "AbortError" });
  assert.equal(keptIn(storage).length, 1);
  service.on(SCORES, counted);
  const told = toldBy(open({ token, storage }));
  await eventually(() => told.length > 0, "the action is told");
  assert.deepEqual(told, [{ board: "global", action: "visit", ticket: "t1", changed: true }]);
  assert.deepEqual(service.heard.at(-1)?.body, { ticket: "t1", evidence: [1] });
  assert.deepEqual(keptIn(storage), []);
}));

test("kept action that counts no more is given up with its reason, or warned of", withService(async ({ service, open }) => {
  const storage = new FakeStore();
  const keep = async () => {
    service.on(SCORES, "hang");
    const closed = open({ token, storage });
    const call = closed.complete("global", ticketOf("t1"));
    await eventually(() => keptIn(storage).length === 1, "the action is kept");
    closed.close();
    await assert.rejects(call);
    service.on(SCORES, problem(410, "ticket_expired", { detail: "This ticket has expired." }));
  };
  await keep();
  const told = toldBy(open({ token, storage }));
  await eventually(() => told.length > 0, "the action is told");
  assert.deepEqual(told, [{ board: "global", action: "visit", ticket: "t1", code: "ticket_expired" }]);
  await keep();
  /** @type {string[]} */
  const warned = [];
  const { warn } = console;
  console.warn = (/** @type {string} */ text) => warned.push(text);
  try {
    open({ token, storage });
    await eventually(() => warned.length > 0, "the warning");
  } finally {
    console.warn = warn;
  }
  assert.match(warned[0], /visit on global does not count: This ticket has expired/);
}));

test("action outlives a session that ended, and is sent when the same player signs in", withService(async ({ service, open }) => {
  const api = open();
  const told = toldBy(api);
  service.on("InitiateAuth", signedIn("ann"));
  await api.account.signIn("ann@example.com", "x");
  service.on(SCORES, { status: 401, body: { message: "Unauthorized" } });
  service.on("InitiateAuth", exception("NotAuthorizedException", "Refresh Token has been revoked"));
  await assert.rejects(api.complete("global", ticketOf("t1")), failing({ code: "session_ended" }));
  const sent = service.of(SCORES).length;
  service.on(SCORES, counted).on("InitiateAuth", signedIn("bob"));
  await api.account.signIn("bob@example.com", "x");
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(service.of(SCORES).length, sent, "it is not another player's");
  service.on("InitiateAuth", signedIn("ann"));
  await api.account.signIn("ann@example.com", "x");
  await eventually(() => told.length > 0, "the action is told");
  assert.deepEqual(told, [{ board: "global", action: "visit", ticket: "t1", changed: true }]);
}));

test("signal ends the waiting, not the action", withService(async ({ service, open }) => {
  service.on(SCORES, "cut");
  const api = open({ token });
  const told = toldBy(api);
  const controller = new AbortController();
  const call = api.complete("global", ticketOf("t1"), { signal: controller.signal });
  await eventually(() => service.heard.length > 1, "tries");
  controller.abort(new Error("left"));
  await assert.rejects(call, { message: "left" });
  service.on(SCORES, counted);
  await eventually(() => told.length > 0, "the action is told");
  assert.deepEqual(told, [{ board: "global", action: "visit", ticket: "t1", changed: true }]);
}));

test("ticket that is completed twice at one moment is one action", withService(async ({ service, open }) => {
  service.on(SCORES, counted);
  const api = open({ token });
  const ticket = ticketOf("t1");
  const [one, other] = await Promise.all([api.complete("global", ticket), api.complete("global", ticket)]);
  assert.deepEqual(one, other);
  assert.equal(service.heard.length, 1);
}));

test("actions of a deleted player are forgotten, another player's stay", withService(async ({ service, open }) => {
  const storage = new FakeStore();
  service.on("InitiateAuth", signedIn("bob")).on("RevokeToken", { body: {} }).on("DELETE /me", { status: 204 }).on(SCORES, "cut");
  const api = open({ storage });
  for (const user of ["bob", "ann"]) {
    service.on("InitiateAuth", signedIn(user));
    await api.account.signIn(`${user}@example.com`, "x");
    api.complete("global", ticketOf(`of-${user}`)).catch(() => {});
  }
  assert.equal(keptIn(storage).length, 2);
  await api.deleteAccount();
  assert.equal(keptIn(storage).length, 1);
  assert.match(keptIn(storage)[0], /of-bob$/);
}));

test("listener that throws harms no other, and its error is not swallowed", withService(async ({ service, open }) => {
  service.on("InitiateAuth", signedIn("ann"));
  const api = open();
  /** @type {unknown[]} */
  const uncaught = [];
  const { queueMicrotask } = globalThis;
  globalThis.queueMicrotask = (task) =>
    queueMicrotask(() => {
      try {
        task();
      } catch (error) {
        uncaught.push(error);
      }
    });
  let heard = 0;
  api.on("player", () => {
    throw new Error("a listener's own");
  });
  const remove = api.on("player", () => (heard += 1));
  try {
    await api.account.signIn("ann@example.com", "x");
    remove();
    await api.account.signIn("ann@example.com", "x");
    await eventually(() => uncaught.length === 2, "the errors are reported");
  } finally {
    globalThis.queueMicrotask = queueMicrotask;
  }
  assert.equal(heard, 1);
  assert.match(String(uncaught[0]), /a listener's own/);
}));

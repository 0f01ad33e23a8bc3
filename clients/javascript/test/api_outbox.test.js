/** A completed action reaches the service, whatever happens to the network and the page, and counts once. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { failing, withService } from "./api_stage.js";
import { eventually, exception, FakeStore, problem, signedIn, tokenOf } from "./loopback.js";

/** @typedef {import("../src/api/index.js").Api} Api */

const SCORES = "POST /boards/global/scores";
const entry = { userId: "ann", userName: "Ann", userScore: 5, scoreUpdatedAt: "2026-11-23T08:15:30.123Z" };
const counted = { body: { entry, changed: true, replayed: false } };
const token = () => tokenOf("ann");

/**
 * A ticket that is good now, for so long.
 * @param {string} name
 * @param {{life?: number, from?: number}} [times] milliseconds
 */
function ticketOf(name, { life = 60_000, from = Date.now() } = {}) {
  const [notBefore, expiresAt] = [from, from + life].map((time) => new Date(time).toISOString());
  return { ticket: name, action: "visit", points: 5, notBefore, expiresAt };
}

/** Counts as the service does: each ticket once. */
function counter() {
  /** @type {Set<string>} */
  const taken = new Set();
  let under = 0;
  const counts = { score: 0, mostAtOnce: 0 };
  const react = async (/** @type {import("./loopback.js").Heard} */ { body }) => {
    counts.mostAtOnce = Math.max(counts.mostAtOnce, (under += 1));
    await new Promise((resolve) => setTimeout(resolve, 20));
    under -= 1;
    const replayed = taken.has(body.ticket);
    if (!replayed) counts.score += 5;
    taken.add(body.ticket);
    return { body: { entry, changed: !replayed, replayed } };
  };
  return { counts, react };
}

/** Locks as a browser gives them to its tabs: one holder at a time. */
class FakeLocks {
  /** @type {Map<string, Promise<unknown>>} */
  #last = new Map();

  /**
   * @param {string} name
   * @param {{signal: AbortSignal}} options
   * @param {() => Promise<any>} work
   */
  request(name, { signal }, work) {
    const held = (this.#last.get(name) ?? Promise.resolve()).then(() => {
      signal.throwIfAborted();
      return work();
    });
    this.#last.set(name, held.catch(() => {}));
    return held;
  }
}

/**
 * What an API tells of kept actions.
 * @param {Api} api
 */
function toldBy(api) {
  /** @type {any[]} */
  const told = [];
  api.on("completed", ({ outcome, ...rest }) => told.push({ ...rest, changed: outcome.changed }));
  api.on("givenUp", ({ error, ...rest }) => told.push({ ...rest, code: error.code }));
  return told;
}

/** @param {FakeStore} storage */
const keptIn = (storage) => Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? "").filter((key) => key.includes("kept"));

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
  const { replayed } = await open({ token }).complete("global", ticketOf("t1"));
  assert.equal(replayed, true);
  assert.equal(counts.score, 5);
  assert.equal(service.heard.length, 7);
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
  const call = api.complete("global", ticketOf("t1", { life: 100 }));
  await assert.rejects(call, (/** @type {any} */ error) => failing({ code: "ticket_expired", status: 0 })(error) && error.cause.code === "unreachable");
  assert.ok(service.heard.length > 3);
  assert.deepEqual(keptIn(storage), []);
}));

test("ticket that is not good yet is waited for, unless the clock cannot be right", withService(async ({ service, open }) => {
  service.on(SCORES, counted);
  const startedAt = performance.now();
  await open({ token, timing: { earliness: 1_000 } }).complete("global", ticketOf("t1", { from: Date.now() + 200 }));
  assert.ok(performance.now() - startedAt >= 190);
  const api = open({ token, timing: { earliness: 1_000 } });
  const call = api.complete("global", ticketOf("t2", { from: Date.now() + 86_400_000 }));
  assert.equal(await Promise.race([call, new Promise((resolve) => setTimeout(resolve, 500))]), await call);
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
  assert.match(warned[0], /on global does not count: This ticket has expired/);
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

test("action that is being sent is not sent with the token of who signs in meanwhile", withService(async ({ service, open }) => {
  const api = open();
  service.on("InitiateAuth", signedIn("ann")).on(SCORES, problem(503, "unavailable", { retryAfter: 1 }), counted);
  await api.account.signIn("ann@example.com", "x");
  const call = api.complete("global", ticketOf("t1"));
  await eventually(() => service.of(SCORES).length === 1, "a try");
  service.on("InitiateAuth", signedIn("bob"));
  await Promise.all([api.account.signIn("bob@example.com", "x"), assert.rejects(call, failing({ code: "sign_in_required" }))]);
  assert.equal(service.of(SCORES).length, 1);
}));

test("of several tabs one at a time sends, another goes on when that is closed, and the action counts once", withService(async ({ service, open }) => {
  const [storage, locks] = [new FakeStore(), new FakeLocks()];
  service.on(SCORES, "hang");
  const first = open({ token, storage, locks, timing: { timeout: 60_000 } });
  await first.account.token();
  const call = first.complete("global", ticketOf("t1"));
  await eventually(() => service.heard.length === 1, "the first tab's try");
  const others = [1, 2, 3].map(() => open({ token, storage, locks }));
  const told = others.map(toldBy);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(service.heard.length, 1);
  const { counts, react } = counter();
  service.on(SCORES, react);
  first.close();
  await assert.rejects(call, { name: "AbortError" });
  await eventually(() => told.flat().length > 0, "another tab's answer");
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual([counts, told.flat().length, service.heard.length], [{ score: 5, mostAtOnce: 1 }, 1, 2]);
}));

test("without locks several tabs may send an action, which counts once", withService(async ({ service, open }) => {
  const storage = new FakeStore();
  const { counts, react } = counter();
  service.on(SCORES, "hang");
  const first = open({ token, storage, locks: null });
  await first.account.token();
  const call = first.complete("global", ticketOf("t1"));
  await eventually(() => service.heard.length === 1, "the first tab's try");
  service.on(SCORES, react);
  for (const tab of [open({ token, storage, locks: null }), open({ token, storage, locks: null })]) toldBy(tab);
  await call;
  await eventually(() => keptIn(storage).length === 0, "nothing is kept");
  assert.equal(counts.score, 5);
}));

test("page that may not take locks or store anything sends the action all the same", withService(async ({ service, open }) => {
  const refuse = () => {
    throw new DOMException("The operation is insecure.", "SecurityError");
  };
  const blocked = { length: 0, key: refuse, getItem: refuse, setItem: refuse, removeItem: refuse };
  const locks = { request: () => Promise.reject(new DOMException("No origin.", "SecurityError")) };
  service.on(SCORES, "cut", counted);
  assert.deepEqual(await open({ token, storage: blocked, locks }).complete("global", ticketOf("t1")), counted.body);
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

test("a thousand clients that come and go leave no listener, and nothing is sent for a closed one", withService(async ({ service, open }) => {
  const tabs = new EventTarget();
  let listening = 0;
  Object.assign(globalThis, {
    addEventListener: (/** @type {string} */ type, /** @type {any} */ listener) => {
      listening += 1;
      tabs.addEventListener(type, listener);
    },
    removeEventListener: (/** @type {string} */ type, /** @type {any} */ listener) => {
      listening -= 1;
      tabs.removeEventListener(type, listener);
    },
  });
  try {
    const storage = new FakeStore();
    storage.setItem(`leaderboard:kept:${service.url}:t1`, JSON.stringify({ board: "global", ticket: "t1", userId: null, readyAt: 0, life: 1 }));
    for (let mounted = 0; mounted < 1_000; mounted += 1) open({ storage }).close();
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual([listening, service.heard.length], [0, 0]);
  } finally {
    Reflect.deleteProperty(globalThis, "addEventListener");
    Reflect.deleteProperty(globalThis, "removeEventListener");
  }
}));

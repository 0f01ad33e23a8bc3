/** Completed actions and several tabs, players and pages of one browser. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { counted, counter, FakeLocks, keptIn, SCORES, ticketOf, token, toldBy } from "./api_actions.js";
import { failing, withService } from "./api_stage.js";
import { eventually, FakeStore, problem, signedIn } from "./loopback.js";

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
  const first = open({ token, storage, locks });
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

test("tab whose storage hears late of an answer does not send the action again", withService(async ({ service, open }) => {
  const [storage, locks] = [new FakeStore(), new FakeLocks()];
  service.on(SCORES, "hang");
  const first = open({ token, storage, locks, timing: { tabDelay: 200, timeout: 300 } });
  await first.account.token();
  const call = first.complete("global", ticketOf("t1"));
  await eventually(() => service.heard.length === 1, "the first tab's try");
  /** As another process sees it: what is removed stays for a moment. */
  const late = new FakeStore();
  late.setItem(keptIn(storage)[0], String(storage.getItem(keptIn(storage)[0])));
  const told = toldBy(open({ token, storage: late, locks }));
  service.on(SCORES, counted);
  await call;
  setTimeout(() => late.removeItem(keptIn(late)[0]), 50);
  const sent = service.heard.length;
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.deepEqual([service.heard.length, told], [sent, []]);
}));

test("without locks several tabs may send an action, which counts once", withService(async ({ service, open }) => {
  const storage = new FakeStore();
  const { counts, react } = counter();
  service.on(SCORES, "hang");
  const first = open({ token, storage, locks: null, timing: { timeout: 1_000 } });
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

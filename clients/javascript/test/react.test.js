/** The React bindings, in the oldest React that is supported and in the newest. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { versions } from "./react_versions.js";
import { FakeSocket, snapshot, Stage, update } from "./stage.js";

/** @typedef {import("./react_versions.js").ReactApp} ReactApp */
/** @typedef {import("../src/react.js").View} View */

/** @type {any[]} what React complained about */
const complaints = [];
console.error = (...words) => complaints.push(words.map(String).join(" "));
test.afterEach(() => assert.deepEqual(complaints.splice(0), []));

/** An app in one React, with one page, whose service is the test. */
class App {
  /** @type {FakeSocket[]} */
  sockets = [];
  timers = new Set();
  listeners = 0;
  renders = 0;
  /** @type {View | undefined} */
  view;
  container = document.createElement("div");

  /** @param {ReactApp} react */
  constructor(react) {
    const { sockets, timers } = this;
    const { createElement, StrictMode } = react.React;
    this.react = react;
    const target = {
      addEventListener: () => void (this.listeners += 1),
      removeEventListener: () => void (this.listeners -= 1),
    };
    const options = {
      WebSocket: class extends FakeSocket {
        /** @param {string} url */
        constructor(url) {
          super(url);
          sockets.push(this);
        }
      },
      page: /** @type {any} */ ({ window: target, document: { ...target, visibilityState: "visible" } }),
      setTimeout: (/** @type {() => void} */ run) => {
        const timer = { run };
        timers.add(timer);
        return timer;
      },
      clearTimeout: (/** @type {object} */ timer) => void timers.delete(timer),
    };
    /** @param {{name?: string, initial?: unknown}} props */
    this.Board = ({ name = "global", initial }) => {
      this.renders += 1;
      this.view = react.useLeaderboard(name, { initial });
      return createElement("p", null, this.view.board ? `v${this.view.board.version} ${this.view.status.state}` : "Loading");
    };
    this.Status = () => createElement("i", null, react.useLeaderboardStatus().state);
    /** @param {...unknown} children */
    this.tree = (...children) =>
      createElement(StrictMode, null, createElement(react.LeaderboardProvider, /** @type {any} */ ({ socket: "wss://example.test/dev", options }), ...(/** @type {any} */ (children))));
    /** @type {any} */
    this.madeRoot = null;
  }

  get root() {
    return (this.madeRoot ??= this.react.createRoot(this.container));
  }

  get socket() {
    return this.sockets[this.sockets.length - 1];
  }

  get text() {
    return this.container.textContent;
  }

  /** @param {() => unknown} work */
  act(work) {
    return this.react.React.act(async () => void (await work()));
  }

  /** @param {...any} frames */
  receive(...frames) {
    return this.act(() => this.socket.receive(...frames));
  }

  /** @param {any} [children] */
  async live(children = this.react.React.createElement(this.Board)) {
    await this.act(() => this.root.render(this.tree(children)));
    await this.act(() => this.socket.open());
    await this.receive({ type: "pong", serverTime: new Date().toISOString(), boards: {} }, snapshot(1));
    return this;
  }
}

for (const [version, react] of versions) {
  const { createElement } = react.React;

  test(`React ${version}: component shows the board, what changed, and the status`, async () => {
    const app = await new App(react).live();
    assert.equal(app.text, "v1 live");
    assert.equal(app.view?.changes.since, null);
    await app.receive(update(1, 2));
    assert.equal(app.text, "v2 live");
    assert.deepEqual(app.view?.changes.scored.map(({ to }) => to), [1002, 2]);
    await app.act(() => app.root.unmount());
  });

  test(`React ${version}: nothing renders while nothing changes, however often the parent does`, async () => {
    const app = new App(react);
    // A new object and a new function with each render, as apps have them.
    const draw = () => app.act(() => app.root.render(app.tree(createElement(app.Board, { initial: snapshot(1) }))));
    await draw();
    await app.act(() => app.socket.open());
    const before = app.renders;
    await app.act(() => new Promise((resolve) => setTimeout(resolve, 30)));
    assert.equal(app.renders, before);
    await draw();
    assert.ok(app.renders <= before + 2, "StrictMode renders twice");
    await app.act(() => app.root.unmount());
  });

  test(`React ${version}: components of one board show the same version, also one that comes later`, async () => {
    const app = await new App(react).live();
    const boards = [1, 2, 3].map((key) => createElement(app.Board, { key }));
    await app.act(() => app.root.render(app.tree(...boards)));
    await app.receive(update(1, 2));
    assert.equal(app.text, "v2 live".repeat(3));
    const open = app.sockets.filter(({ isClosed }) => !isClosed);
    assert.equal(open.length, 1);
    await app.act(() => app.root.unmount());
  });

  test(`React ${version}: board that arrives during a concurrent render tears nothing`, async () => {
    const app = await new App(react).live();
    const { startTransition, useLayoutEffect, useState } = react.React;
    /** @type {(slow: boolean) => void} */
    let show = () => {};
    /** @type {string[]} */
    const torn = [];
    const look = () => {
      const versions = new Set(app.text?.match(/v\d+/g));
      if (versions.size > 1) torn.push([...versions].join(" "));
    };
    const Slow = () => {
      const until = performance.now() + 3;
      while (performance.now() < until);
      return createElement(app.Board);
    };
    const Page = () => {
      const [slow, set] = useState(false);
      show = set;
      // What a viewer sees first of a render that took long.
      useLayoutEffect(look);
      return createElement("div", null, slow ? Array.from({ length: 12 }, (_, key) => createElement(Slow, { key })) : createElement(app.Board));
    };
    await app.act(() => app.root.render(app.tree(createElement(Page))));
    // Outside of act: React slices the render, and the updates come between the slices.
    Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: false });
    startTransition(() => show(true));
    for (let from = 1; from < 8; from += 1) {
      await new Promise((resolve) => setTimeout(resolve, 7));
      app.socket.receive(update(from, from + 1));
      look();
    }
    for (let waited = 0; app.text !== "v8 live".repeat(12) && waited < 200; waited += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      look();
    }
    Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
    assert.equal(app.text, "v8 live".repeat(12));
    assert.deepEqual(torn, []);
    await app.act(() => app.root.unmount());
  });

  test(`React ${version}: server renders the board that it is given, and the page takes it over`, async () => {
    const app = new App(react);
    const { type, ...top } = snapshot(5);
    const tree = app.tree(createElement(app.Board, { initial: top }));
    app.container.innerHTML = react.renderToString(tree);
    assert.equal(app.text, "v5 idle");
    assert.deepEqual([app.sockets.length, app.listeners], [0, 0], "a server opens nothing");
    await app.act(() => (app.madeRoot = react.hydrateRoot(app.container, tree)));
    await app.act(() => app.socket.open());
    const pong = { type: "pong", serverTime: new Date().toISOString(), boards: {} };
    await app.receive(pong, snapshot(4));
    assert.equal(app.text, "v5 live", "an older board does not take its place");
    await app.receive(update(4, 6));
    assert.equal(app.text, "v6 live");
    await app.act(() => app.root.unmount());
  });

  test(`React ${version}: nothing stays of an app that mounts and unmounts 1,000 times`, async () => {
    const app = new App(react);
    for (let time = 0; time < 1_000; time += 1) {
      await app.act(() => app.root.render(app.tree(createElement(app.Board), createElement(app.Status))));
      await app.act(() => app.root.render(null));
    }
    assert.ok(app.sockets.length >= 1_000);
    assert.deepEqual([app.listeners, app.timers.size, app.sockets.filter(({ isClosed }) => !isClosed).length], [0, 0, 0]);
  });

  test(`React ${version}: board that changes its name shows the other board, never the old one`, async () => {
    const app = await new App(react).live();
    await app.act(() => app.root.render(app.tree(createElement(app.Board, { name: "weekly" }))));
    assert.equal(app.text, "Loading");
    await app.receive(snapshot(7, { board: "weekly" }));
    assert.equal(app.text, "v7 live");
    await app.act(() => app.root.unmount());
  });

  test(`React ${version}: client of the app's own is used and not closed`, async () => {
    const stage = new Stage().live();
    const app = new App(react);
    await app.act(() => app.root.render(createElement(react.LeaderboardProvider, { leaderboard: stage.client }, createElement(app.Board), createElement(app.Status))));
    assert.equal(app.text, "v1 livelive");
    await app.act(() => app.root.unmount());
    assert.equal(stage.client.status.state, "live");
    stage.client.close();
  });

  test(`React ${version}: hook without a provider says what to put where`, () => {
    const app = new App(react);
    assert.throws(() => react.renderToString(createElement(app.Board)), /LeaderboardProvider/);
  });
}

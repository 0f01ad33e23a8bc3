import assert from "node:assert/strict";
import { test } from "node:test";
import { parseFrame, parseTop } from "../src/frame.js";
import { current, entry, rfc3339, snapshot, START, update } from "./stage.js";

const parse = (/** @type {unknown} */ value) => parseFrame(JSON.stringify(value));

test("frames of the contract are taken as they are", () => {
  for (const frame of [
    snapshot(41),
    snapshot(0, { epoch: null, entries: [], total: 0 }),
    update(41, 43),
    current(41),
    { type: "unsubscribed", board: "global" },
    { type: "error", code: "bad_request", message: "No", requestId: "r" },
  ]) {
    assert.deepEqual(parse(frame), frame);
  }
});

test("pong holds the service's time and the boards by name", () => {
  const place = { season: "all", epoch: "a", version: 1 };
  const frame = parse({ type: "pong", serverTime: rfc3339(START), boards: { constructor: place, bad: { version: "1" } } });
  assert.deepEqual(frame, { type: "pong", serverTime: START, boards: new Map([["constructor", place]]) });
});

test("unknown fields are kept, unknown frames are not", () => {
  assert.deepEqual(parse({ ...snapshot(1), novelty: 1 }), { ...snapshot(1), novelty: 1 });
  assert.equal(parse({ type: "novelty", board: "global" }), null);
  assert.equal(parse({ type: "constructor", board: "global" }), null);
  assert.equal(parse({ message: "Internal server error", connectionId: "c=", requestId: "r" }), null);
});

test("text that is not a frame gives null", () => {
  for (const text of ["", "{", "null", "17", "[]", '"snapshot"', undefined, new ArrayBuffer(2)]) assert.equal(parseFrame(text), null);
});

test("damaged frames give null", () => {
  const ann = entry("ann", 1, 2);
  for (const frame of [
    snapshot(-1),
    snapshot(1.5),
    snapshot(1, { epoch: null }),
    { ...snapshot(1), season: 7 },
    { ...snapshot(1), entries: null },
    { ...snapshot(1), entries: [null] },
    { ...snapshot(1), entries: [{ ...ann, userId: 7 }] },
    { ...snapshot(1), entries: [{ ...ann, rank: "1" }] },
    { ...snapshot(1), entries: [{ ...ann, rank: 0 }] },
    { ...snapshot(1), entries: [ann, ann] },
    { ...snapshot(1), total: "2" },
    { ...snapshot(1), endsAt: "soon" },
    { ...snapshot(1), board: undefined },
    update(2, 2),
    update(3, 2),
    { ...update(1, 2), remove: [7] },
    { ...update(1, 2), remove: undefined },
    { ...update(1, 2), upsert: {} },
    { ...update(1, 2), epoch: null },
    { ...current(1), version: "1" },
    { type: "error", message: "no code" },
    { type: "unsubscribed" },
  ]) {
    assert.equal(parse(frame), null, JSON.stringify(frame));
  }
});

test("top over HTTP is a snapshot without the time it was published", () => {
  const { type: _type, publishedAt: _publishedAt, ...body } = snapshot(41);
  assert.deepEqual(parseTop(body, "global"), { ...body, type: "snapshot" });
  assert.deepEqual(parseTop({ ...body, degraded: true }, "global")?.version, 41);
});

test("top without a version, or of another board, gives null", () => {
  const { type: _type, ...body } = snapshot(41);
  assert.equal(parseTop({ ...body, epoch: null, version: null }, "global"), null);
  assert.equal(parseTop(body, "weekly"), null);
  assert.equal(parseTop("<html>", "global"), null);
});

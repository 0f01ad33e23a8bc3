/** The recorded conversations of clients/conformance. The README there describes the lines. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { Stage, START } from "./stage.js";

const FOLDER = new URL("../../conformance/", import.meta.url);
/** How long the client may take, in virtual time. */
const PATIENCE = 30_000;

/** @typedef {{conversation?: string, board?: string, now?: string, client?: {action: string, board: string}, service?: object | "closes", http?: object, shows?: object}} Line */

/**
 * A board as the lines have it.
 * @param {import("../src/index.js").Board} board
 */
const shown = ({ season, epoch, version, total, endsAt, since, entries }) => ({ season, epoch, version, total, endsAt, since, entries });

/**
 * @param {Stage} stage
 * @param {() => boolean} condition
 */
async function until(stage, condition) {
  for (let waited = 0; !condition(); waited += 10) {
    assert.ok(waited < PATIENCE, "did not come");
    await stage.wait(10);
  }
}

/**
 * Where a board is among the expected ones after the last.
 * @param {object[]} expected
 * @param {object} board
 * @param {number} last
 */
function find(expected, board, last) {
  const found = expected.findIndex((it, number) => number > last && isDeepStrictEqual(it, board));
  assert.ok(found > last, `shown, and not expected: ${JSON.stringify(board)}`);
  return found;
}

/** @param {Line[]} lines */
async function converse([header, ...steps]) {
  const http = steps.some((step) => step.http) ? { http: "https://example.test" } : {};
  const stage = new Stage(http, Date.parse(String(header.now)) - START);
  const expected = steps.flatMap(({ shows }) => (shows ? [shows] : []));
  /** How far the client is: each board that it shows is a later one of those that it may show. */
  const reached = () => stage.shown.map(shown).reduce((last, board) => find(expected, board, last), -1);
  let due = 0;
  let opened = 0;
  let answered = 0;
  stage.subscribe(header.board);
  for (const { client, service, http: body, shows } of steps) {
    if (body) {
      stage.request.answer(200, body);
    } else if (client) {
      await until(stage, () => stage.sockets.length > 0);
      if (stage.sockets.length > opened) stage.socket.open();
      opened = stage.sockets.length;
      // A client that kept an early update may not need to ask any more.
      await until(stage, () => stage.socket.subscribes.length > answered || reached() >= due);
      answered = stage.socket.subscribes.length;
      const { action, board } = stage.socket.subscribes[answered - 1];
      assert.deepEqual({ action, board }, client);
    } else if (service === "closes") {
      stage.socket.drop();
      await until(stage, () => stage.sockets.length > opened);
      answered = 0;
    } else if (service) {
      stage.socket.receive(service);
    } else if (shows) {
      await until(stage, () => reached() >= due);
      due += 1;
    }
  }
  assert.equal(reached(), due - 1);
  assert.deepEqual(stage.problems, []);
  stage.client.close();
}

const names = readdirSync(FOLDER).filter((name) => name.endsWith(".jsonl"));

test("there are conversations", () => assert.ok(names.length > 15));

for (const name of names) {
  test(`the client shows the boards of the conversation ${name}`, async () => {
    const lines = readFileSync(new URL(name, FOLDER), "utf8").trim().split("\n");
    await converse(lines.map((line) => JSON.parse(line)));
  });
}

/** The README's stores for Vue and Svelte, run as they are written there. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { effectScope } from "vue";
import { snapshot, Stage, update } from "./stage.js";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

/**
 * A block of the README as a module.
 * @param {string} framework its first line begins with it
 * @returns {Promise<any>}
 */
async function block(framework) {
  const [, code] = readme.match(new RegExp(`\`\`\`js\\n(// ${framework}[^]*?)\`\`\``)) ?? [];
  assert.ok(code, framework);
  const absolute = code.replace(/from "(.*)"/g, (_, name) => `from "${import.meta.resolve(name)}"`);
  return import(`data:text/javascript,${encodeURIComponent(absolute)}`);
}

test("Vue: ref has the board, every later one, and ends with its scope", async () => {
  const { useBoard } = await block("Vue");
  const stage = new Stage().live();
  const scope = effectScope();
  const board = scope.run(() => useBoard(stage.client, "global"));
  assert.equal(board.value.version, 1);
  stage.socket.receive(update(1, 2));
  assert.equal(board.value.version, 2);
  scope.stop();
  stage.socket.receive(update(2, 3));
  assert.equal(board.value.version, 2);
  stage.client.close();
});

test("Svelte: store has every board while somebody reads it", async () => {
  const { boardStore } = await block("Svelte");
  const stage = new Stage().live();
  const store = boardStore(stage.client, "global");
  /** @type {(number | undefined)[]} */
  const versions = [];
  const off = store.subscribe((/** @type {import("../src/index.js").Board | null} */ board) => versions.push(board?.version));
  await stage.wait(10);
  stage.socket.receive(update(1, 2));
  off();
  stage.socket.receive(snapshot(3));
  assert.deepEqual(versions, [undefined, 1, 2]);
  stage.client.close();
});

/** The types of the API, as they are written from its reference. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { written } from "../scripts/schemas.js";

const document = JSON.parse(readFileSync(new URL("../../../docs/openapi.json", import.meta.url), "utf8"));

test("types are those of the API's reference", () => {
  assert.equal(readFileSync(new URL("../src/api/schemas.js", import.meta.url), "utf8"), written(document), "run `npm run schemas`");
});

test("a changed reference changes the types", () => {
  const changed = structuredClone(document);
  changed.components.schemas.Entry.properties.country = { anyOf: [{ type: "string", description: "Two letters" }, { type: "null" }] };
  changed.components.schemas.Boards.properties.relay = { enum: ["near", "far"] };
  changed.paths["/boards/{board}/top"].get.parameters.push({ name: "since", in: "query", required: true, schema: { type: "array", items: { type: "integer" } } });
  const added = written(changed)
    .split("\n")
    .filter((line) => !written(document).includes(line));
  assert.deepEqual(added, [
    " * @property {\"near\" | \"far\"} [relay]",
    " * @property {string | null} [country] Two letters",
    ' *   readonly "GET /boards/{board}/top": {path: {board: string}, query: {limit?: number, season?: string, since: number[]}, body: undefined, answer: Top},',
  ]);
});

test("routes of servers and moderators are left out", () => {
  assert.doesNotMatch(written(document), /submissions|standing|moderat/i);
});

/** What the README says of the API and of formats. */

import assert from "node:assert/strict";
import { build } from "esbuild";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { createApi } from "../src/api/index.js";
import { timing } from "../src/api/timing.js";

const root = new URL("..", import.meta.url);
const read = (/** @type {string} */ path) => readFileSync(new URL(path, root), "utf8");
const readme = read("README.md");
const [, chapter] = readme.match(/\n## Everything the service can do\n([^]*?)\n## (?!#)/) ?? [];

test("README names every method, code, option and event of the API", () => {
  const api = createApi({ http: "https://example.test", storage: null });
  const methods = [api, api.account].flatMap((each) => [...Object.keys(each), ...Object.getOwnPropertyNames(Object.getPrototypeOf(each))]);
  api.close();
  const codes = ["CallCode", "AccountCode"].flatMap((name) => {
    const [type = ""] = read("src/api/errors.js").match(new RegExp(`@typedef \\{([^}]*)\\} ${name}\\n`)) ?? [];
    return type.match(/(?<=")\w+(?=")/g) ?? [];
  });
  const options = [...read("src/api/api.js").matchAll(/^ \* @property \{.*\} \[(\w+)\]/gm)].map(([, name]) => name);
  const members = ["code", "detail", "status", "requestId", "retryAfter", "errors", "temporary"];
  assert.ok(methods.length > 20 && codes.length > 20 && options.length > 7);
  const names = [...methods, ...codes, ...options, ...members, "player", "completed", "givenUp"].filter((name) => name !== "constructor");
  assert.deepEqual(names.filter((name) => !new RegExp(`[\`. ,"{]${name}\\b`).test(chapter)), []);
});

test("README names every duration of the API with its default", () => {
  for (const [name, milliseconds] of Object.entries(timing)) {
    const lines = chapter.split("\n").filter((each) => each.startsWith("| `") && each.includes(`\`${name}\``));
    assert.ok(lines.some((line) => line.includes(milliseconds.toLocaleString("en-US"))), name);
  }
});

test("README says the sizes, which stay small", async () => {
  for (const [entry, most] of /** @type {[string, number][]} */ ([["src/api/index.js", 6_000], ["src/format.js", 1_500]])) {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL(entry, root))],
      bundle: true,
      minify: true,
      format: "esm",
      target: "es2022",
      write: false,
    });
    const { length } = gzipSync(outputFiles[0].contents, { level: 9 });
    assert.ok(length <= most, `${entry}: ${length}`);
    assert.ok(readme.includes(`${(length / 1000).toFixed(1)} kB minified and gzipped`), `${entry}: ${length}`);
  }
});

/** The package as others get it. */

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { timing } from "../src/timing.js";

const root = new URL("..", import.meta.url);
const read = (/** @type {string} */ path) => readFileSync(new URL(path, root), "utf8");
const readme = read("README.md");

const modules = readdirSync(new URL("src", root), { recursive: true }).map(String).filter((name) => name.endsWith(".js"));

test("tarball is small and holds the sources, their types, the single file, the README and the licence", () => {
  const output = execFileSync("npm", ["pack", "--dry-run", "--json", "--silent"], { cwd: root, encoding: "utf8" });
  const [pack] = JSON.parse(output.slice(output.indexOf("[\n")));
  const paths = /** @type {string[]} */ (pack.files.map((/** @type {{path: string}} */ { path }) => path)).sort();
  const expected = ["LICENSE", "README.md", "dist/leaderboard-client.js", "package.json", ...modules.map((name) => `src/${name}`)];
  expected.push("types/single.d.ts", "types/tag.d.ts");
  assert.deepEqual(paths, [...expected, ...modules.map((name) => `types/${name.replace(".js", ".d.ts")}`)].sort());
  assert.ok(pack.size < 120_000, String(pack.size));
});

test("package has no runtime dependencies, React is optional, and its lock file names no registry", () => {
  const { dependencies, peerDependencies, peerDependenciesMeta } = JSON.parse(read("package.json"));
  assert.deepEqual([dependencies, peerDependencies, peerDependenciesMeta], [undefined, { react: ">=18" }, { react: { optional: true } }]);
  assert.doesNotMatch(read("package-lock.json"), /"resolved"/);
});

test("modules that a server imports need no browser", async () => {
  const parts = ["index", "element", "react"];
  const command = parts.map((name) => `await import(${JSON.stringify(new URL(`src/${name}.js`, root).href)});`).join("");
  execFileSync(process.execPath, ["--input-type=module", "--eval", command]);
});

test("core does no input or output and reads no clock", () => {
  const shell = ["client.js", "index.js", "leaderboard.js", "listeners.js", "loaded.js", "page.js", "reads.js", "remedies.js", "sockets.js", "top.js"];
  const added = /^(api\/|element|format|react)/;
  for (const name of modules.filter((each) => !shell.includes(each) && !added.test(each))) {
    const code = read(`src/${name}`).replace(/\/\*\*[^]*?\*\/|\/\/.*/g, "");
    assert.doesNotMatch(code, /\b(globalThis|window|document|WebSocket|setTimeout|Date\.now|Math\.random|performance|await|Promise)\b|(?<!#)\bfetch\(/, name);
    for (const [, from] of code.matchAll(/from "\.\/(.*)"/g)) assert.ok(!shell.includes(from), `${name} imports ${from}`);
  }
});

test("README names every duration with its default, every state, event and option", () => {
  for (const [name, milliseconds] of Object.entries(timing)) {
    const line = readme.split("\n").find((each) => each.startsWith("| `") && each.includes(`\`${name}\``));
    assert.ok(line?.includes(milliseconds.toLocaleString("en-US")), name);
  }
  const declared = read("src/status.js").match(/@typedef \{((?:"\w+" \| )+"\w+")\} ConnectionState/)?.[1].match(/\w+/g) ?? [];
  const options = [...read("src/leaderboard.js").matchAll(/^ \* @property \{.*\} \[(\w+)\]/gm)].map(([, name]) => name);
  assert.ok(declared.length === 8 && options.length > 8);
  for (const name of [...declared, ...options, "problem", "status"]) assert.ok(readme.includes(`\`${name}\``) || readme.includes(`"${name}"`), name);
});

test("package is published from a repository that it names, or not at all", () => {
  const folder = mkdtempSync(join(tmpdir(), "package-"));
  try {
    const manifest = join(folder, "package.json");
    const fill = (/** @type {Record<string, string>} */ env) => {
      cpSync(new URL("package.json", root), manifest);
      const filled = spawnSync(process.execPath, ["scripts/repository.js", manifest], { cwd: root, env: { PATH: process.env.PATH, ...env }, encoding: "utf8" });
      return { ...filled, repository: JSON.parse(readFileSync(manifest, "utf8")).repository };
    };
    const filled = fill({ GITHUB_SERVER_URL: "https://github.com", GITHUB_REPOSITORY: "acme/board" });
    assert.equal(filled.status, 0, filled.stderr);
    assert.deepEqual(filled.repository, { type: "git", url: "git+https://github.com/acme/board.git", directory: "clients/javascript" });
    const refused = fill({ GITHUB_SERVER_URL: "https://github.com" });
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /publish-client/);
    assert.equal(refused.repository, undefined);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("licence is the repository's", () => {
  assert.match(read("LICENSE"), /Apache License\s+Version 2\.0/);
});

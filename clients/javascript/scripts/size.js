/**
 * What each part of the package weighs in a page: bundled, minified and gzipped. `--check`: each is within its limit, and
 * README.md has this table. What a page loads only when something is wrong is no part of it, and has its own line.
 */

import { build } from "esbuild";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The most kilobytes (1,000 bytes) of each. */
const LIMITS = {
  "leaderboard-client": 8,
  "leaderboard-client/react": 1,
  "leaderboard-client/element": 7,
  "leaderboard-client/api": 6,
  "leaderboard-client/format": 1,
};
const [CORE] = Object.keys(LIMITS);

const { exports } = JSON.parse(await readFile(`${root}package.json`, "utf8"));

/**
 * The bytes of a page that uses these parts, and of what it loads later.
 * @param {...string} names
 */
async function bytesOf(...names) {
  const lines = names.map((name) => `export * from "${exports[name.replace(CORE, ".")].default}";`);
  const { metafile, outputFiles } = await build({
    stdin: { contents: lines.join("\n"), resolveDir: root, sourcefile: "page.js" },
    absWorkingDir: root,
    bundle: true,
    minify: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    external: ["react"],
    outdir: "out",
    metafile: true,
    write: false,
  });
  const outputs = Object.entries(metafile.outputs);
  const [[first]] = outputs.filter(([, { entryPoint }]) => entryPoint === "page.js");
  /** @type {Set<string>} */
  const loaded = new Set();
  const load = (/** @type {string} */ path) => {
    if (loaded.has(path)) return;
    loaded.add(path);
    for (const { path: next, kind } of metafile.outputs[path].imports) if (kind === "import-statement" && metafile.outputs[next]) load(next);
  };
  load(first);
  const weight = (/** @type {string} */ path) => gzipSync(outputFiles.find((file) => file.path === root + path)?.contents ?? "", { level: 9 }).length;
  const now = [...loaded].reduce((bytes, path) => bytes + weight(path), 0);
  /** What is loaded later, by its module. */
  const later = Object.fromEntries(outputs.flatMap(([path, { entryPoint }]) => (entryPoint && !loaded.has(path) ? [[entryPoint, weight(path)]] : [])));
  return { now, later };
}

const kilobytes = (/** @type {number} */ bytes) => (bytes / 1000).toFixed(1);
/** @type {string[]} */
const rows = [];
const core = await bytesOf(CORE);
/** @type {Record<string, number>} */
const later = {};
for (const [name, limit] of Object.entries(LIMITS)) {
  // What the first part has already is counted once.
  const whole = name === CORE ? core : await bytesOf(CORE, name);
  const bytes = name === CORE ? core.now : whole.now - core.now;
  Object.assign(later, whole.later);
  rows.push(`| \`${name}\` | ${kilobytes(bytes)} | ${limit} |`);
  if (bytes > limit * 1000) {
    console.error(`${name} weighs ${kilobytes(bytes)} kB, more than ${limit}.`);
    process.exitCode = process.argv.includes("--check") ? 1 : 0;
  }
}
/** Bundlers make a file of its own of each. */
const LATER = { "src/reads.js": "loaded beside it where `http` is given", "src/element_rules.js": "loaded by an element with `http` or `format`", "src/remedies.js": "loaded when something fails" };
rows.push(...Object.entries(LATER).map(([module, when]) => `| ${when} | ${kilobytes(later[module])} | |`));
const table = ["| | kB minified and gzipped | limit |", "| --- | --- | --- |", ...rows].join("\n");
console.log(table);

if (process.argv.includes("--check") && !(await readFile(`${root}README.md`, "utf8")).includes(table)) {
  console.error("README.md has another table. `npm run size` prints the right one.");
  process.exitCode = 1;
}

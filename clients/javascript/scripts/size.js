/** What the client weighs in a page, bundled, minified and compressed. `--check`: the README says the truth about it. */

import { build } from "esbuild";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const root = new URL("..", import.meta.url);
const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL("src/index.js", root))],
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  write: false,
});
const [bundle] = outputFiles;
const kilobytes = (gzipSync(bundle.contents, { level: 9 }).length / 1000).toFixed(1);
console.log(`${kilobytes} kB minified and gzipped (${bundle.contents.length} bytes minified)`);

if (process.argv.includes("--check")) {
  const readme = await readFile(new URL("README.md", root), "utf8");
  const claimed = readme.match(/([\d.]+) kB minified and gzipped/)?.[1];
  if (claimed !== kilobytes) {
    console.error(`README.md says ${claimed} kB.`);
    process.exitCode = 1;
  }
}

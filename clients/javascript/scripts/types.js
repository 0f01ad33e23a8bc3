/**
 * Checks that the type declarations in `types/` are those of the sources. They are kept in the repository, so that an app
 * has them from a clone's folder, too. `npm run types` makes them again.
 */

import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Written by hand, since JavaScript sources cannot say what they add to a page and to React. */
const OWN = ["single.d.ts", "tag.d.ts"];

const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * Each file of a folder by its path.
 * @param {string} folder
 */
async function contents(folder) {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".d.ts") && !OWN.includes(name)).sort();
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), "utf8")])));
}

const made = await mkdtemp(join(tmpdir(), "types-"));
try {
  const tsc = join(root, "node_modules", ".bin", "tsc");
  execFileSync(tsc, ["--project", "tsconfig.build.json", "--outDir", made], { cwd: root, stdio: "inherit" });
  const [kept, fresh] = [await contents(join(root, "types")), await contents(made)];
  const names = new Set([...Object.keys(kept), ...Object.keys(fresh)]);
  const different = [...names].filter((name) => kept[name] !== fresh[name]);
  if (different.length > 0) {
    console.error(`types/ is not what the sources say (${different.join(", ")}). Run \`npm run types\` and commit it.`);
    process.exitCode = 1;
  }
} finally {
  await rm(made, { recursive: true });
}

/** Builds the single file for a script tag, into `dist/`: the global `LeaderboardClient`, and the element. */

import { build } from "esbuild";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

await build({
  stdin: {
    contents: 'export * from "./src/index.js"; export { LiveLeaderboard } from "./src/element.js";',
    resolveDir: root,
  },
  bundle: true,
  minify: true,
  format: "iife",
  globalName: "LeaderboardClient",
  target: "es2022",
  outfile: `${root}dist/leaderboard-client.js`,
});

/** Each React that is supported, bundled with the package as an app has it, and a page to render in. */

import { build } from "esbuild";
import { Window } from "happy-dom";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const ENTRY = `
  export * as React from "react";
  export { createRoot, hydrateRoot } from "react-dom/client";
  export { renderToString } from "react-dom/server";
  export * from "./src/react.js";
`;

/**
 * @typedef {typeof import("../src/react.js") & {React: typeof import("react"), createRoot: any, hydrateRoot: any,
 *   renderToString: (element: unknown) => string}} ReactApp
 */

/**
 * @param {"react" | "react18"} react the name that it is installed by
 * @returns {Promise<ReactApp>}
 */
async function load(react) {
  const { outputFiles } = await build({
    stdin: { contents: ENTRY, resolveDir: root },
    alias: { react, "react-dom": react.replace("react", "react-dom") },
    bundle: true,
    format: "cjs",
    platform: "node",
    define: { "process.env.NODE_ENV": '"development"' },
    write: false,
  });
  const folder = await mkdtemp(join(tmpdir(), "react-"));
  const path = join(folder, "app.cjs");
  await writeFile(path, outputFiles[0].contents);
  try {
    return createRequire(import.meta.url)(path);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const { document, HTMLElement, HTMLIFrameElement, navigator, Node } = /** @type {any} */ (new Window({ url: "https://game.example/" }));
Object.assign(globalThis, { document, HTMLElement, HTMLIFrameElement, Node, window: globalThis, IS_REACT_ACT_ENVIRONMENT: true });
Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });

/** React waits for a moment through a channel, and Node would wait for its ports for ever. */
class MomentChannel {
  /** @type {{onmessage: (() => void) | null}} */
  port1 = { onmessage: null };
  port2 = { postMessage: () => setImmediate(() => this.port1.onmessage?.()) };
}
Object.assign(globalThis, { MessageChannel: MomentChannel });

/** @type {[string, ReactApp][]} */
export const versions = [];
for (const name of /** @type {const} */ (["react18", "react"])) {
  const app = await load(name);
  versions.push([app.React.version, app]);
}

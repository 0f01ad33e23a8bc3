/** The type declarations, as a strict TypeScript app has them. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const tsc = join(root, "node_modules", ".bin", "tsc");
const strict = ["--noEmit", "--strict", "--target", "es2022", "--module", "nodenext", "--lib", "ES2022,DOM,DOM.Iterable", "--types", ""];

const APP = `
import { createApi, LeaderboardError, type Api, type Board, type Entry, type Line, type Outcome, type Ticket } from "./types/api/index.js";
import { formatScore } from "./types/format.js";
import { createLeaderboard } from "./types/index.js";

const api: Api = createApi({ http: "https://example.test", token: async ({ renew }) => (renew ? "newer" : null), storage: localStorage });
const boards: Board[] = await api.boards();
export const text: string = formatScore(boards[0], 3, "de");
for await (const entry of api.entries("global", { limit: 3 })) {
  const rank: number | null = entry.rank;
  ((_: Entry, __: typeof rank) => {})(entry, rank);
}
for await (const line of api.history("global", "ada", { season: "all" })) {
  const rank: number | null = line.rank;
  ((_: Line, __: typeof rank) => {})(line, rank);
}
const ticket: Ticket = await api.ticket("global", "quiz");
export const outcome: Outcome = await api.complete("global", ticket, { evidence: { answer: 1 }, signal: new AbortController().signal });
try {
  await api.top("global", { limit: 1, season: "all" });
} catch (error) {
  if (error instanceof LeaderboardError && error.code === "rate_limited") ((_: number | null) => {})(error.retryAfter);
}
const off: () => void = api.on("completed", ({ outcome, board }) => [outcome.changed, board.length]);
off();
createLeaderboard({ socket: "wss://example.test", fetchTicket: api.socketTicket });
// @ts-expect-error there is no such parameter
await api.top("global", { offset: 1 });
// @ts-expect-error there is no such member
outcome.points;
// @ts-expect-error there is no such event
api.on("nothing", () => {});
// @ts-expect-error who is signed in is only read
api.account.userId = "ann";
`;

test("strict app compiles against the declarations, and its mistakes do not", () => {
  const folder = mkdtempSync(join(tmpdir(), "app-"));
  try {
    execFileSync(tsc, ["--project", "tsconfig.build.json", "--outDir", join(folder, "types")], { cwd: root });
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
    writeFileSync(join(folder, "app.ts"), APP);
    execFileSync(tsc, [...strict, "app.ts"], { cwd: folder, encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    assert.fail(String(/** @type {{stdout?: string}} */ (error).stdout || error));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const PAGE = `
import "leaderboard-client/element";
import "leaderboard-client/leaderboard-client.js";

const element = document.createElement("live-leaderboard");
element.formatScore = (score: number) => String(score);
document.querySelector("live-leaderboard")?.addEventListener("change", () => {});
export const client = LeaderboardClient.createLeaderboard({ socket: "wss://example.test" });
export const made: HTMLElement = new LeaderboardClient.LiveLeaderboard();
// @ts-expect-error there is no such property
element.points = 3;
// @ts-expect-error there is no such function
LeaderboardClient.createApi;
`;

const REACT = `
import "leaderboard-client/element";

export const Top = () => <live-leaderboard board="global" http="https://example.test" format="duration" decimals={2} order="asc" bars className="top" ref={(element) => void element?.leaderboard} />;
// @ts-expect-error there is no such format
export const Wrong = () => <live-leaderboard board="global" format="time" />;
// @ts-expect-error there is no such attribute
export const Misspelt = () => <live-leaderboard bord="global" />;
`;

/**
 * What the compiler says of an app that has installed the package, and these packages of types.
 * @param {string} name
 * @param {string} code
 * @param {string[]} types
 */
function compile(name, code, types) {
  const folder = mkdtempSync(join(tmpdir(), "app-"));
  const installed = join(folder, "node_modules");
  try {
    mkdirSync(join(installed, "@types"), { recursive: true });
    for (const part of ["package.json", "types"]) cpSync(join(root, part), join(installed, "leaderboard-client", part), { recursive: true });
    for (const each of types) symlinkSync(join(root, "node_modules", each), join(installed, each));
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
    writeFileSync(join(folder, name), code);
    execFileSync(tsc, [...strict, "--jsx", "react-jsx", name], { cwd: folder, encoding: "utf8", stdio: "pipe" });
    return "";
  } catch (error) {
    return String(/** @type {{stdout?: string}} */ (error).stdout || error);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("page knows the element by its tag, and the single file by its global, without React", () => {
  assert.equal(compile("page.ts", PAGE, []), "");
});

test("React app writes the element with its attributes, and not with others", () => {
  assert.equal(compile("app.tsx", REACT, ["@types/react", "csstype"]), "");
});

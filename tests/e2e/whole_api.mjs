// Lives a player's life with the JavaScript package: from the sign-up to the deletion of the account. Prints what it saw as JSON.
// node whole_api.mjs '{"http", "socket", "cognito", "webClientId", "email", "board"}'; the board has 120 users already.
import { createRequire } from "node:module";
import { createApi } from "../../clients/javascript/src/api/index.js";
import { formatScore } from "../../clients/javascript/src/format.js";
import { createLeaderboard } from "../../clients/javascript/src/index.js";

const { WebSocket } = createRequire(new URL("../../clients/javascript/package.json", import.meta.url))("ws");
const { http, socket, cognito, webClientId, email, board } = JSON.parse(process.argv[2]);
const timing = { timeout: 60_000, retryBase: 100 };

/** A browser's storage, which the pages of one player share. */
class Memory extends Map {
  get length() {
    return this.size;
  }
  key = (index) => [...this.keys()][index];
  getItem = (key) => this.get(key) ?? null;
  setItem = (key, value) => void this.set(key, value);
  removeItem = (key) => void this.delete(key);
}

const storage = new Memory();
/** What becomes of a completion on its way: `answered`; `lost` on the way back, once it counted; or `unsent`. */
let network = "answered";
const fetch = async (url, init) => {
  const isCompletion = String(url).endsWith("/scores") && init.method === "POST";
  if (isCompletion && network === "unsent") throw new TypeError("Failed to fetch");
  const response = await globalThis.fetch(url, init);
  if (!isCompletion || network !== "lost" || !response.ok) return response;
  network = "answered";
  throw new TypeError("Failed to fetch");
};
const DAY = 86_400_000;
/** A page of the player, whose clock is wrong by so much. */
const page = (wrong, kept = storage) => createApi({ http, cognito, webClientId, storage: kept, fetch, timing, now: () => Date.now() + wrong });
const codeOf = (call) => call.then(() => null, ({ code }) => code);

/** Asks until a condition holds: the ranking follows a score within moments. */
async function until(ask, holds) {
  for (const end = Date.now() + 60_000; ; ) {
    const answer = await ask().catch(({ code }) => ({ code }));
    if (holds(answer)) return answer;
    if (Date.now() > end) throw new Error(`Not in time: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const seen = {};
let api = page(-DAY);

// Sign up.
await api.account.signUp(email, "Correct-Horse-9");
seen.early = await codeOf(api.account.signIn(email, "Correct-Horse-9"));
seen.twice = await codeOf(api.account.signUp(email, "Correct-Horse-9"));
await api.account.resend(email);
await api.account.confirm(email, "000000");
seen.wrong = await codeOf(api.account.signIn(email, "Wrong-Horse-9"));
seen.visitor = [await codeOf(api.scores()), await api.socketTicket()];

// A forgotten password, and a name.
await api.account.forgotPassword(email);
await api.account.resetPassword(email, "000000", "Better-Horse-10");
const { userId } = await api.account.signIn(email, "Better-Horse-10");
seen.userId = userId;
seen.renewed = (await api.account.token()) !== (await api.account.token({ renew: true }));
seen.renamed = await api.rename("Ada of the tests");
seen.badName = await api.rename("\u0000").catch(({ code, status, errors, requestId }) => ({ code, status, errors, requestId }));

// Actions: one whose answer is lost, one that another page sends, one too late, one with evidence of a wrong form.
const first = await api.ticket("global", "visit");
network = "lost";
seen.lost = await api.complete("global", first);
seen.replay = await api.complete("global", first);
const second = await api.ticket("global", "visit");
network = "unsent";
const waiting = codeOf(api.complete("global", second));
api.close();
await waiting;
network = "answered";
api = page(DAY);
seen.kept = await new Promise((resolve) => api.on("completed", resolve));
seen.foreign = await codeOf(api.complete(board, second));
const quiz = await api.ticket("global", "quiz");
seen.form = await codeOf(api.complete("global", quiz, { evidence: "no object" }));
seen.noAction = await codeOf(api.ticket("global", "nothing"));

// Reads.
const boards = await api.boards();
const global = boards.find((each) => each.board === "global");
seen.scores = await api.scores();
seen.user = await until(() => api.user("global", userId, { around: 1 }), (answer) => answer.entry?.userScore === 2);
seen.formatted = formatScore(global, seen.user.entry.userScore, "en");
seen.found = await api.query("global", [userId, "nobody"]);
seen.named = await until(() => api.findUsers("ADA of the t", { limit: 50 }), (users) => users.some((user) => user.userId === userId));
seen.badSearch = await codeOf(api.findUsers(""));
seen.top = await until(() => api.top(board, { limit: 3 }), ({ total }) => total === 120);
seen.entries = [];
for await (const { rank, userId } of api.entries(board, { limit: 50 })) seen.entries.push([rank, userId]);
const linesOf = async () => {
  const lines = [];
  for await (const { at, rank, ...line } of api.history("global", userId, { limit: 1 })) lines.push(line);
  return lines;
};
seen.history = await until(linesOf, ({ length }) => length === 2);
seen.unranked = await codeOf(api.user(board, userId));
seen.noBoard = await codeOf(api.top("no-such-board"));
seen.badLimit = await codeOf(api.top(board, { limit: 101 }));

// A socket of the player's own.
const leaderboard = createLeaderboard({ socket, WebSocket, fetchTicket: api.socketTicket });
seen.followed = await new Promise((resolve) => leaderboard.subscribe(board, ({ total }) => resolve(total)));
seen.problems = leaderboard.status.problems;
leaderboard.close();

// The end, also for another browser that has the player's session.
const elsewhere = page(0, new Memory(storage));
await api.deleteAccount();
seen.elsewhere = [await codeOf(elsewhere.account.token({ renew: true })), elsewhere.account.userId];
elsewhere.close();
seen.after = [api.account.userId, storage.length, await codeOf(api.account.signIn(email, "Better-Horse-10"))];
api.close();
console.log(JSON.stringify(seen));

// Follows a board with the JavaScript subscriber in Node, and prints every board that it shows.
// node follow.mjs HTTP SOCKET BOARD, until its input ends.
import { createRequire } from "node:module";
import { createLeaderboard } from "../../clients/javascript/src/index.js";

const { WebSocket } = createRequire(new URL("../../clients/javascript/package.json", import.meta.url))("ws");
const [http, socket, board] = process.argv.slice(2);
const leaderboard = createLeaderboard({ http, socket, WebSocket });
leaderboard.subscribe(board, (shown) => console.log(JSON.stringify(shown)));
process.stdin.resume().on("end", () => leaderboard.close());

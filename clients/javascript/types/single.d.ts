/*
 * What the single file, `leaderboard-client/leaderboard-client.js`, adds to the types of a page. Written by hand: it has a
 * global and exports nothing.
 */

import type {} from "./tag.js";

declare global {
  var LeaderboardClient: typeof import("./index.js") & Pick<typeof import("./element.js"), "LiveLeaderboard">;
}
export {};

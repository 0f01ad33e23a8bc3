/*
 * Follows live leaderboards over WebSocket and never shows a wrong one.
 */

/**
 * @typedef {import("./board.js").Board} Board
 * @typedef {import("./board.js").Changes} Changes
 * @typedef {import("./frame.js").Entry} Entry
 * @typedef {import("./frame.js").Place} Place
 * @typedef {import("./leaderboard.js").Leaderboard} Leaderboard
 * @typedef {import("./listeners.js").Listener} Listener
 * @typedef {import("./leaderboard.js").Options} Options
 * @typedef {import("./status.js").Status} Status
 * @typedef {import("./status.js").ConnectionState} ConnectionState
 * @typedef {import("./problems.js").Problem} Problem
 * @typedef {import("./timing.js").Timing} Timing
 */

export { createLeaderboard } from "./leaderboard.js";

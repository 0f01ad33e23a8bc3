export type Board = import("./board.js").Board;
export type Changes = import("./board.js").Changes;
export type Entry = import("./frame.js").Entry;
export type Place = import("./frame.js").Place;
export type Leaderboard = import("./leaderboard.js").Leaderboard;
export type Listener = import("./listeners.js").Listener;
export type Options = import("./leaderboard.js").Options;
export type Status = import("./status.js").Status;
export type ConnectionState = import("./status.js").ConnectionState;
export type Problem = import("./problems.js").Problem;
export type Timing = import("./timing.js").Timing;
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

import type { Snapshot } from "./frame.js";
import type { Problem } from "./problems.js";
export type BoardEvent = {
    type: "follow" | "unfollow";
    board: string;
};
export type SocketEvent = {
    type: "socketOpened";
    link: number;
} | {
    type: "messageReceived";
    link: number;
    text: unknown;
} | {
    type: "socketLost";
    link: number;
    problem?: Problem;
};
export type ReadSucceeded = {
    type: "readSucceeded";
    board: string;
    top: Snapshot;
};
export type ReadFailed = {
    type: "readFailed";
    board: string;
    problem?: Problem;
    retryAfter?: number;
    failure?: string;
    foreign?: boolean;
};
export type PageEvent = {
    type: "hidden" | "visible" | "left" | "offline" | "online";
};
export type Loaded = {
    type: "loaded";
    Polling?: typeof import("./polling.js").Polling;
    Diagnosis?: typeof import("./diagnosis.js").Diagnosis;
};
export type Event = BoardEvent | SocketEvent | ReadSucceeded | ReadFailed | PageEvent | Loaded | {
    type: "problemFound";
    source: "client" | "socket";
    problem: Problem;
} | {
    type: "close";
} | {
    type: "tick";
};
/** @import { Snapshot } from "./frame.js" */
/** @import { Problem } from "./problems.js" */
/** @typedef {{type: "follow" | "unfollow", board: string}} BoardEvent */
/**
 * @typedef {{type: "socketOpened", link: number} | {type: "messageReceived", link: number, text: unknown}
 *   | {type: "socketLost", link: number, problem?: Problem}} SocketEvent
 */
/** @typedef {{type: "readSucceeded", board: string, top: Snapshot}} ReadSucceeded */
/** @typedef {{type: "readFailed", board: string, problem?: Problem, retryAfter?: number, failure?: string, foreign?: boolean}} ReadFailed */
/** @typedef {{type: "hidden" | "visible" | "left" | "offline" | "online"}} PageEvent */
/**
 * @typedef {{type: "loaded", Polling?: typeof import("./polling.js").Polling,
 *   Diagnosis?: typeof import("./diagnosis.js").Diagnosis}} Loaded
 */
/**
 * @typedef {BoardEvent | SocketEvent | ReadSucceeded | ReadFailed | PageEvent | Loaded | {type: "problemFound", source: "client" | "socket", problem: Problem}
 *   | {type: "close"} | {type: "tick"}} Event
 */
export {};

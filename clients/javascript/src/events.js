/*
 * What a session is told. Each fact from outside is one event, and `Session.step` takes it.
 */

/** @import { Snapshot } from "./frame.js" */
/** @import { Problem } from "./problems.js" */

// A board has its first listener, or has lost its last one.
/** @typedef {{type: "follow" | "unfollow", board: string}} BoardEvent */

// The socket of a link is open; a message came in on it, which may be anything; it has ended, or never opened. `problem`:
// what somebody has to put right, missing if trying again may be enough.
/**
 * @typedef {{type: "socketOpened", link: number} | {type: "messageReceived", link: number, text: unknown}
 *   | {type: "socketLost", link: number, problem?: Problem}} SocketEvent
 */

// The top of a board came over HTTP.
/** @typedef {{type: "readSucceeded", board: string, top: Snapshot}} ReadSucceeded */

// The top of a board did not come over HTTP. `problem`: the refusal of the service or the browser, missing if nobody
// answered; `retryAfter`: how long the service asks to wait, in milliseconds; `failure`: what came instead of an answer, as
// the beginning of a sentence; `foreign`: an answer came that this service does not give.
/** @typedef {{type: "readFailed", board: string, problem?: Problem, retryAfter?: number, failure?: string, foreign?: boolean}} ReadFailed */

// The page was hidden or shown, was left, lost its network or has it back.
/** @typedef {{type: "hidden" | "visible" | "left" | "offline" | "online"}} PageEvent */

// A part of the client that is loaded when it is needed.
/**
 * @typedef {{type: "loaded", Polling?: typeof import("./polling.js").Polling,
 *   Diagnosis?: typeof import("./diagnosis.js").Diagnosis}} Loaded
 */

// `problemFound`: this runtime lacks something, or it is known why no socket opens. `tick`: nothing happened, but time has passed: `Session.due` is reached.
/**
 * @typedef {BoardEvent | SocketEvent | ReadSucceeded | ReadFailed | PageEvent | Loaded | {type: "problemFound", source: "client" | "socket", problem: Problem}
 *   | {type: "close"} | {type: "tick"}} Event
 */

export {};

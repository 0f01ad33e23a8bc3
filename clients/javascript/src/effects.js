/*
 * What a session wants done. `Session.step` returns effects, and the client performs them in order.
 *
 * A link is one try to have a socket. Its number counts up, so a late event of an old link harms nothing.
 */

/** @import { Board, Changes } from "./board.js" */
/** @import { Condition } from "./status.js" */
/** @import { Message } from "./link.js" */
/** @import { Problem } from "./problems.js" */

// Open a socket for a new link; close it, which may be closed already; send a message on it, as JSON.
/** @typedef {{do: "connect" | "disconnect", link: number} | {do: "send", link: number, message: Message}} SocketEffect */

// Read the top of a board over HTTP; give up that read, whose answer is no longer wanted.
/** @typedef {{do: "fetch" | "abort", board: string}} ReadEffect */

// Give the listeners of a board, of the status or of problems something new.
/**
 * @typedef {{do: "showBoard", board: Board, changes: Changes} | {do: "showCondition", condition: Condition}
 *   | {do: "reportProblem", problem: Problem}} ListenerEffect
 */

/** @typedef {SocketEffect | ReadEffect | ListenerEffect} Effect */

export {};

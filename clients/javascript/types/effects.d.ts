import type { Board, Changes } from "./board.js";
import type { Condition } from "./status.js";
import type { Message } from "./link.js";
import type { Problem } from "./problems.js";
export type SocketEffect = {
    do: "connect" | "disconnect";
    link: number;
} | {
    do: "send";
    link: number;
    message: Message;
};
export type ReadEffect = {
    do: "fetch" | "abort";
    board: string;
};
export type ListenerEffect = {
    do: "showBoard";
    board: Board;
    changes: Changes;
} | {
    do: "showCondition";
    condition: Condition;
} | {
    do: "reportProblem";
    problem: Problem;
};
export type Effect = SocketEffect | ReadEffect | ListenerEffect;
/** @import { Board, Changes } from "./board.js" */
/** @import { Condition } from "./status.js" */
/** @import { Message } from "./link.js" */
/** @import { Problem } from "./problems.js" */
/** @typedef {{do: "connect" | "disconnect", link: number} | {do: "send", link: number, message: Message}} SocketEffect */
/** @typedef {{do: "fetch" | "abort", board: string}} ReadEffect */
/**
 * @typedef {{do: "showBoard", board: Board, changes: Changes} | {do: "showCondition", condition: Condition}
 *   | {do: "reportProblem", problem: Problem}} ListenerEffect
 */
/** @typedef {SocketEffect | ReadEffect | ListenerEffect} Effect */
export {};

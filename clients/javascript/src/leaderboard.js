/*
 * The package's interface: what a client is made of, and what it can do.
 */

/** @import { Board } from "./board.js" */
/** @import { Listener } from "./listeners.js" */
/** @import { Page } from "./page.js" */
/** @import { Problem } from "./problems.js" */
/** @import { Socket } from "./sockets.js" */
/** @import { Status } from "./status.js" */
/** @import { Timing } from "./timing.js" */

/**
 * @typedef {object} Options
 * @property {string} [socket] the stage's `wss://` URL; without it the boards are polled over HTTP
 * @property {string} [http] the API's URL: for the first board before the socket is up, and where sockets are blocked
 * @property {() => string | null | undefined | Promise<string | null | undefined>} [fetchTicket] a fresh socket ticket
 *   for every connection; nothing makes the connection anonymous
 * @property {new (url: string) => Socket} [WebSocket] where there is no global one (Node 20)
 * @property {typeof globalThis.fetch} [fetch]
 * @property {Partial<Timing>} [timing] durations in milliseconds, see `timing.js`
 * @property {Page | null} [page] where to listen for visibility and network; null to listen nowhere
 * @property {() => number} [now] the wall clock, milliseconds since 1970
 * @property {() => number} [random]
 * @property {(callback: () => void, milliseconds: number) => any} [setTimeout]
 * @property {(timer: any) => void} [clearTimeout]
 */

/**
 * @typedef {object} Leaderboard
 * @property {(board: string, onChange: Listener) => () => void} subscribe calls `onChange` with the whole board at every
 *   change, first with the one that is held; returns a function that ends the subscription
 * @property {{(event: "status", listener: (status: Status) => void): () => void;
 *   (event: "problem", listener: (problem: Problem) => void): () => void}} on returns a function that removes the listener
 * @property {(board: string) => Board | null} board the board that is held of a followed one; null before the first
 * @property {Status} status
 * @property {() => number} now the service's time, as far as it is known, in milliseconds: for the time left in a season
 * @property {() => void} reconnect tries at once what waits for its next try; nothing where the connection is well
 * @property {() => void} close ends everything for good: no timer, listener or socket stays
 */

import { Client } from "./client.js";

/**
 * Makes a client. It connects with the first subscription.
 * @param {Options} options TypeError without `socket` and `http`
 * @returns {Leaderboard}
 */
export function createLeaderboard(options) {
  if (options.socket === undefined && options.http === undefined) {
    throw new TypeError("createLeaderboard needs `socket`, `http`, or both");
  }
  return new Client(options);
}

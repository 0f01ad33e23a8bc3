import type { Board } from "./board.js";
import type { Listener } from "./listeners.js";
import type { Page } from "./page.js";
import type { Problem } from "./problems.js";
import type { Socket } from "./sockets.js";
import type { Status } from "./status.js";
import type { Timing } from "./timing.js";
export type Options = {
    /**
     * the stage's `wss://` URL; without it the boards are polled over HTTP
     */
    socket?: string;
    /**
     * the API's URL: for the first board before the socket is up, and where sockets are blocked
     */
    http?: string;
    /**
     * a fresh socket ticket
     * for every connection; nothing makes the connection anonymous
     */
    fetchTicket?: () => string | null | undefined | Promise<string | null | undefined>;
    /**
     * where there is no global one (Node 20)
     */
    WebSocket?: new (url: string) => Socket;
    fetch?: typeof globalThis.fetch;
    /**
     * durations in milliseconds, see `timing.js`
     */
    timing?: Partial<Timing>;
    /**
     * where to listen for visibility and network; null to listen nowhere
     */
    page?: Page | null;
    /**
     * the wall clock, milliseconds since 1970
     */
    now?: () => number;
    random?: () => number;
    setTimeout?: (callback: () => void, milliseconds: number) => any;
    clearTimeout?: (timer: any) => void;
};
export type Leaderboard = {
    /**
     * calls `onChange` with the whole board at every
     * change, first with the one that is held; returns a function that ends the subscription
     */
    subscribe: (board: string, onChange: Listener) => () => void;
    /**
     * returns a function that removes the listener
     */
    on: {
        (event: "status", listener: (status: Status) => void): () => void;
        (event: "problem", listener: (problem: Problem) => void): () => void;
    };
    /**
     * the board that is held of a followed one; null before the first
     */
    board: (board: string) => Board | null;
    status: Status;
    /**
     * the service's time, as far as it is known, in milliseconds: for the time left in a season
     */
    now: () => number;
    /**
     * tries at once what waits for its next try; nothing where the connection is well
     */
    reconnect: () => void;
    /**
     * ends everything for good: no timer, listener or socket stays
     */
    close: () => void;
};
/**
 * Makes a client. It connects with the first subscription.
 * @param {Options} options TypeError without `socket` and `http`
 * @returns {Leaderboard}
 */
export declare function createLeaderboard(options: Options): Leaderboard;

import type { Board, Changes } from "./board.js";
import type { Leaderboard, Options } from "./leaderboard.js";
import type { Status } from "./status.js";
import type { ReactElement, ReactNode } from "react";
export type View = {
    /**
     * null before the first one
     */
    board: Board | null;
    /**
     * what changed since the board before
     */
    changes: Changes;
    status: Status;
};
export type ProviderProps = {
    /**
     * see `createLeaderboard`
     */
    socket?: string;
    http?: string;
    /**
     * may be a new function with each render
     */
    fetchTicket?: Options["fetchTicket"];
    /**
     * read when the client is made
     */
    options?: Omit<Options, "socket" | "http" | "fetchTicket">;
    /**
     * a client of your own, in place of all the others; the provider never closes it
     */
    leaderboard?: Leaderboard;
    children?: ReactNode;
};
/**
 * Gives the components below it one client.
 * @param {ProviderProps} props `http`, `socket` or both; or `leaderboard`
 * @returns {ReactElement}
 */
export declare function LeaderboardProvider({ socket, http, fetchTicket, options, leaderboard, children }: ProviderProps): ReactElement;
/**
 * Follows a board while the component is mounted.
 * @param {string} board
 * @param {{initial?: unknown}} [options] `initial`: the top as `GET /boards/{board}/top` answers it, or a board of this
 *   package: what is shown at first, also on a server
 * @returns {View}
 */
export declare function useLeaderboard(board: string, { initial }?: {
    initial?: unknown;
}): View;
/**
 * The status of the client.
 * @returns {Status}
 */
export declare function useLeaderboardStatus(): Status;

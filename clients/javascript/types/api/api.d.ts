import type { Board, Entry, Found, Line, Name, Neighbourhood, Outcome, OwnScores, Routes, Ticket, Top } from "./schemas.js";
import type { CallOptions, TokenFunction } from "./account.js";
import type { Locks } from "./outbox.js";
import type { Store } from "./storage.js";
import type { ApiTiming } from "./timing.js";
/** @import { Board, Entry, Found, Line, Name, Neighbourhood, Outcome, OwnScores, Routes, Ticket, Top } from "./schemas.js" */
/** @import { CallOptions, TokenFunction } from "./account.js" */
/** @import { Locks } from "./outbox.js" */
/** @import { Store } from "./storage.js" */
/** @import { ApiTiming } from "./timing.js" */
import { Account } from "./account.js";
import { LeaderboardError } from "./errors.js";
export type ApiOptions = {
    /**
     * the API's URL: anything before `/boards`
     */
    http: string;
    /**
     * Cognito's URL, e.g. `https://cognito-idp.eu-central-1.amazonaws.com/`
     */
    cognito?: string;
    /**
     * the stage's web client
     */
    webClientId?: string;
    /**
     * gives access tokens, instead of `cognito`; `renew`: the last one was refused
     */
    token?: TokenFunction;
    /**
     * where session and completed actions are kept; the browser's `localStorage` unless given, null for memory
     */
    storage?: Store | null;
    fetch?: typeof globalThis.fetch;
    /**
     * durations in milliseconds, see `timing.js`
     */
    timing?: Partial<ApiTiming>;
    /**
     * Web Locks; the browser's unless given
     */
    locks?: Locks | null;
    /**
     * the wall clock, milliseconds since 1970
     */
    now?: () => number;
    random?: () => number;
};
export type Kept = {
    board: string;
    action?: string;
    ticket: string;
};
export type ApiEvents = {
    /**
     * somebody signed in or out, in this tab or another
     */
    player: {
        userId: string | null;
    };
    /**
     * an action counted that was kept before
     */
    completed: Kept & {
        outcome: Outcome;
    };
    /**
     * an action that was kept before does not count; `error.code` is the reason
     */
    givenUp: Kept & {
        error: LeaderboardError;
    };
};
/** The requests of the API. A method rejects with a `LeaderboardError`, or with the reason of the caller's signal. */
export declare class Api {
    #private;
    /** Signing up, signing in, the session and a forgotten password. @type {Account} */
    account: Account;
    /**
     * The boards and their rules.
     * @param {CallOptions} [options]
     * @returns {Promise<Board[]>}
     */
    boards({ signal }?: CallOptions): Promise<Board[]>;
    /**
     * The first entries of a board.
     * @param {string} board
     * @param {Routes["GET /boards/{board}/top"]["query"] & CallOptions} [options]
     * @returns {Promise<Top>}
     */
    top(board: string, { signal, ...query }?: Routes["GET /boards/{board}/top"]["query"] & CallOptions): Promise<Top>;
    /**
     * Every entry of a board, in order; further pages are read as they are needed.
     * @param {string} board
     * @param {Routes["GET /boards/{board}/entries"]["query"] & CallOptions} [options] `limit` is a page's, 100 unless given; `cursor` is
     *   where to begin
     * @returns {AsyncGenerator<Entry, void, undefined>}
     */
    entries(board: string, options?: Routes["GET /boards/{board}/entries"]["query"] & CallOptions): AsyncGenerator<Entry, void, undefined>;
    /**
     * The same, page by page, with `total`, `season` and `nextCursor`. A season that ends meanwhile is still read to its end.
     * @param {string} board
     * @param {Routes["GET /boards/{board}/entries"]["query"] & CallOptions} [options]
     * @returns {AsyncGenerator<import("./schemas.js").Page, void, undefined>}
     */
    pages(board: string, options?: Routes["GET /boards/{board}/entries"]["query"] & CallOptions): AsyncGenerator<import("./schemas.js").Page, void, undefined>;
    /**
     * A user's entry and the neighbours. Rejects with `user_not_ranked` if there is none.
     * @param {string} board
     * @param {string} userId
     * @param {Routes["GET /boards/{board}/users/{userId}"]["query"] & CallOptions} [options] `around`: how many on each side, 5 unless given
     * @returns {Promise<Neighbourhood>}
     */
    user(board: string, userId: string, { signal, ...query }?: Routes["GET /boards/{board}/users/{userId}"]["query"] & CallOptions): Promise<Neighbourhood>;
    /**
     * A user's history, newest first; pages are read as they are needed. Rejects with `user_not_ranked` for who is not on the board.
     * @param {string} board
     * @param {string} userId
     * @param {Routes["GET /boards/{board}/users/{userId}/history"]["query"] & CallOptions} [options] `limit` is a page's, 100 unless given
     * @returns {AsyncGenerator<Line, void, undefined>}
     */
    history(board: string, userId: string, options?: Routes["GET /boards/{board}/users/{userId}/history"]["query"] & CallOptions): AsyncGenerator<Line, void, undefined>;
    /**
     * Some users, e.g. friends, in board order.
     * @param {string} board
     * @param {string[]} userIds 1 to 100
     * @param {Routes["POST /boards/{board}/entries/query"]["query"] & CallOptions} [options]
     * @returns {Promise<Found>}
     */
    query(board: string, userIds: string[], { signal, ...query }?: Routes["POST /boards/{board}/entries/query"]["query"] & CallOptions): Promise<Found>;
    /**
     * Visible users whose name begins so, wherever they are ranked. Case and diacritics do not count; names that nobody chose are not found.
     * @param {string} name the beginning of it
     * @param {Omit<Routes["GET /users"]["query"], "name"> & CallOptions} [options] `limit`: how many at most, 10 unless given
     * @returns {Promise<Name[]>}
     */
    findUsers(name: string, { signal, ...query }?: Omit<Routes["GET /users"]["query"], "name"> & CallOptions): Promise<Name[]>;
    /**
     * The player's own scores on every board.
     * @param {CallOptions} [options]
     * @returns {Promise<OwnScores>}
     */
    scores({ signal }?: CallOptions): Promise<OwnScores>;
    /**
     * Begins an action. It is not repeated after a failure, since a ticket with a challenge counts as an attempt.
     * @param {string} board
     * @param {string} action
     * @param {CallOptions} [options]
     * @returns {Promise<Ticket>}
     */
    ticket(board: string, action: string, { signal }?: CallOptions): Promise<Ticket>;
    /**
     * Completes an action with its ticket. It is kept and sent again until the service has answered, also after the page was closed.
     * @param {string} board
     * @param {Ticket | string} ticket whole, or its text alone
     * @param {{evidence?: unknown, onRetry?: (error: LeaderboardError, wait: number) => void} & CallOptions} [options] `evidence` where
     *   the action asks for it; `onRetry` is called when a try failed, with the milliseconds until the next one; `signal` ends the
     *   waiting, not the action
     * @returns {Promise<Outcome>}
     */
    complete(board: string, ticket: Ticket | string, { evidence, onRetry, signal }?: {
        evidence?: unknown;
        onRetry?: (error: LeaderboardError, wait: number) => void;
    } & CallOptions): Promise<Outcome>;
    /**
     * Gives the player another name, on every board.
     * @param {string} userName
     * @param {CallOptions} [options]
     * @returns {Promise<Name>}
     */
    rename(userName: string, { signal }?: CallOptions): Promise<Name>;
    /**
     * Deletes the player: every score, the name and the sign-in. Rejects with `sign_in_again` if the sign-in is older than 10 minutes.
     * @param {CallOptions} [options]
     */
    deleteAccount({ signal }?: CallOptions): Promise<void>;
    /**
     * A ticket for one authenticated socket. As `fetchTicket` of `createLeaderboard` it makes the player's connections authenticated, and
     * a visitor's anonymous.
     * @param {CallOptions} [options]
     * @returns {Promise<string | null>} null if nobody is signed in
     */
    socketTicket: ({ signal }?: CallOptions) => Promise<string | null>;
    /**
     * Adds a listener.
     * @template {keyof ApiEvents} E
     * @param {E} event
     * @param {(event: ApiEvents[E]) => void} listener
     * @returns {() => void} removes it
     */
    on<E extends keyof ApiEvents>(event: E, listener: (event: ApiEvents[E]) => void): () => void;
    /** Ends everything for good: no timer or listener stays. Who still waits for a completed action gets an AbortError; it is kept. */
    close(): void;
}

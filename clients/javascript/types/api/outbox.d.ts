/** @import { Outcome } from "./schemas.js" */
/** @import { Storage } from "./storage.js" */
/** @import { ApiTiming } from "./timing.js" */
import { LeaderboardError } from "./errors.js";
export type Completion = {
    board: string;
    ticket: string;
    evidence?: unknown;
    /**
     * whose action it is
     */
    userId: string | null;
    action?: string;
    /**
     * from when the ticket is good by the service's clock, in milliseconds since 1970; 0 if unknown
     */
    readyAt: number;
    /**
     * for how long it is good, in milliseconds
     */
    life: number;
};
export type Locks = {
    request: (name: string, options: {
        signal: AbortSignal;
    }, work: () => Promise<any>) => Promise<any>;
};
export type Waiter = {
    onRetry?: (error: LeaderboardError, wait: number) => void;
};

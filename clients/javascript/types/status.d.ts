import type { Problem } from "./problems.js";
export type ConnectionState = "idle" | "connecting" | "live" | "reconnecting" | "polling" | "offline" | "paused" | "closed";
export type Condition = {
    state: ConnectionState;
    staleAt: number;
    attempt: number;
    retryAt: number;
    problems: readonly Problem[];
};
export type Status = {
    state: ConnectionState;
    /**
     * up to when the boards shown were known to be the service's own; null while they are
     */
    staleSince: Date | null;
    /**
     * connections lost or failed in a row
     */
    attempt: number;
    /**
     * when the next connection is tried, if one is waited for
     */
    retryAt: Date | null;
    /**
     * the problems that are not solved yet
     */
    problems: readonly Problem[];
};

export type ApiTiming = typeof timing;
/** @typedef {typeof timing} ApiTiming */
/** The durations of one client. */
export declare const timing: {
    /** A request that has no answer by then is given up. */
    timeout: number;
    /** The wait before a second try is random, up to base × 2^attempt and at most the cap, and not below `Retry-After`. */
    retryBase: number;
    retryCap: number;
    /** A read whose `Retry-After` is longer is not tried again: the caller knows better whether it is still wanted. */
    patience: number;
    /** A completed action waits for `notBefore` if that is this near by this machine's clock; else the service says when. */
    earliness: number;
    /** A completed action is tried for as long as its ticket is good, and this much longer; see `Outbox`. */
    allowance: number;
    /** How late another tab may hear of what this one stored, at most. */
    tabDelay: number;
    /** A token is renewed this long before it ends. */
    renewBefore: number;
};
/** How many times a read is tried at most. */
export declare const TRIES = 3;

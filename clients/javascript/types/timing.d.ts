export type Timing = typeof timing;
/** @typedef {typeof timing} Timing */
/** The durations of one client. */
export declare const timing: {
    /** A connection that is not open by then, its ticket included, is given up. */
    openTimeout: number;
    /** A `subscribe` without an answer by then is sent again. */
    answerTimeout: number;
    /** A connection that is silent for so long, or up to 10 % less, is pinged, unless the page is hidden. */
    pingAfter: number;
    /** Between pings while frames come in, ± 10 %: frames of one board say nothing about another. */
    pingInterval: number;
    /** Boards are stale if nothing follows a ping by then, or no season the end of the last one. */
    doubtAfter: number;
    /** A connection without a pong by then is replaced. */
    pongTimeout: number;
    /** The same, after the page was hidden, or the network went or came. */
    probeTimeout: number;
    /** After this time, and up to `lifetimeJitter` more, a connection is replaced, before the gateway ends it. */
    lifetime: number;
    lifetimeJitter: number;
    /** The wait before reconnecting is random, up to base × 2^attempt and at most the cap. */
    reconnectBase: number;
    reconnectCap: number;
    /** A connection that was live for so long ends a row of failures. */
    settledAfter: number;
    /** The wait before subscribing again, likewise. */
    askBase: number;
    askCap: number;
    /** After a season's end the client asks for the next one by then. */
    rollJitter: number;
    /** Without a live socket for so long, and up to `pollInterval` more, boards are polled. One that does not open is suspected. */
    pollAfter: number;
    /** Between reads of a board, ± 20 %. It doubles with each failure, up to the cap. */
    pollInterval: number;
    pollCap: number;
    /** A read that takes longer is given up. */
    fetchTimeout: number;
    /** An HTTP answer may be this old, because of caches on the way (`max-age=1`). */
    cacheAllowance: number;
    /** A page that is hidden for so long closes its socket. */
    hiddenAfter: number;
    /** A board without listeners is followed for so long, in case one comes back. */
    linger: number;
};

/*
 * Every duration of the client in one place, in milliseconds. They fit the limits of API Gateway: it ends a connection
 * after 2 hours, or after 10 minutes without a message, and admits 500 new connections a second.
 */

/** @typedef {typeof timing} Timing */

/** The durations of one client. */
export const timing = {
  /** A connection that is not open by then, its ticket included, is given up. */
  openTimeout: 15_000,
  /** A `subscribe` without an answer by then is sent again. */
  answerTimeout: 10_000,
  /** A connection that is silent for so long, or up to 10 % less, is pinged, unless the page is hidden. */
  pingAfter: 20_000,
  /** Between pings while frames come in, ± 10 %: frames of one board say nothing about another. */
  pingInterval: 180_000,
  /** Boards are stale if nothing follows a ping by then, or no season the end of the last one. */
  doubtAfter: 2_000,
  /** A connection without a pong by then is replaced. */
  pongTimeout: 10_000,
  /** The same, after the page was hidden, or the network went or came. */
  probeTimeout: 5_000,
  /** After this time, and up to `lifetimeJitter` more, a connection is replaced, before the gateway ends it. */
  lifetime: 105 * 60_000,
  lifetimeJitter: 10 * 60_000,
  /** The wait before reconnecting is random, up to base × 2^attempt and at most the cap. */
  reconnectBase: 1_000,
  reconnectCap: 30_000,
  /** A connection that was live for so long ends a row of failures. */
  settledAfter: 10_000,
  /** The wait before subscribing again, likewise. */
  askBase: 500,
  askCap: 30_000,
  /** After a season's end the client asks for the next one by then. */
  rollJitter: 5_000,
  /** Without a live socket for so long, and up to `pollInterval` more, boards are polled. One that does not open is suspected. */
  pollAfter: 5_000,
  /** Between reads of a board, ± 20 %. It doubles with each failure, up to the cap. */
  pollInterval: 5_000,
  pollCap: 60_000,
  /** A read that takes longer is given up. */
  fetchTimeout: 10_000,
  /** An HTTP answer may be this old, because of caches on the way (`max-age=1`). */
  cacheAllowance: 3_000,
  /** A page that is hidden for so long closes its socket. */
  hiddenAfter: 300_000,
  /** A board without listeners is followed for so long, in case one comes back. */
  linger: 5_000,
};

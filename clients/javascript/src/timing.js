/**
 * Every duration of the client in one place, in milliseconds. The limits behind them: API Gateway ends a connection
 * after 2 hours, or 10 minutes without a message, and lets 500 new ones in a second.
 */

/** @typedef {typeof timing} Timing */

export const timing = {
  /** A connection, its ticket included, that is not open by then is given up. */
  openTimeout: 15_000,
  /** A `subscribe` without an answer by then is sent again. */
  answerTimeout: 10_000,
  /** A connection that has been silent for so long, or up to 10 % less, is pinged. A hidden page does not do so. */
  pingAfter: 20_000,
  /** Between pings whatever is heard, ± 10 %: frames of one board say nothing of another. */
  pingInterval: 180_000,
  /** Silence that a ping has not ended by then makes the boards stale, and a season that has not followed by then. */
  doubtAfter: 2_000,
  /** A connection without a pong by then is replaced. */
  pongTimeout: 10_000,
  /** The same after the page was hidden, or the network went or came. */
  probeTimeout: 5_000,
  /** A connection is replaced, while it goes on, after this time and up to `lifetimeJitter` more. */
  lifetime: 105 * 60_000,
  lifetimeJitter: 10 * 60_000,
  /** Reconnecting: the wait is random, up to base × 2^attempt and at most the cap. */
  reconnectBase: 1_000,
  reconnectCap: 30_000,
  /** A connection that was live for so long ends a row of failures. */
  settledAfter: 10_000,
  /** Subscribing again after a gap, likewise. */
  askBase: 500,
  askCap: 30_000,
  /** After a season's end subscribers ask for the next one within this time. */
  rollJitter: 5_000,
  /** Without a live socket for so long, and up to `pollInterval` more, the boards are read over HTTP. */
  pollAfter: 5_000,
  /** Between reads of a board, ± 20 %; doubles with every failure up to the cap. */
  pollInterval: 5_000,
  pollCap: 60_000,
  fetchTimeout: 10_000,
  /** An HTTP answer may be this old (`max-age=1`, and clocks of caches). */
  cacheAllowance: 3_000,
  /** A page hidden for so long lets its socket go. */
  hiddenAfter: 300_000,
  /** A board without listeners is followed for so long, in case one comes back. */
  linger: 5_000,
};

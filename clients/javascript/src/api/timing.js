/*
 * Every duration of the API's client in one place, in milliseconds, and how it waits.
 */

import { fullJitter } from "../backoff.js";

/** @typedef {typeof timing} ApiTiming */

/** The durations of one client. */
export const timing = {
  /** A request that has no answer by then is given up. */
  timeout: 15_000,
  /** The wait before a second try is random, up to base × 2^attempt and at most the cap, and not below `Retry-After`. */
  retryBase: 1_000,
  retryCap: 8_000,
  /** A read whose `Retry-After` is longer is not tried again: the caller knows better whether it is still wanted. */
  patience: 10_000,
  /** A completed action waits for `notBefore` if that is this near by this machine's clock; else the service says when. */
  earliness: 5_000,
  /** A completed action is tried for as long as its ticket is good, and this much longer; see `Outbox`. */
  allowance: 60_000,
  /** How late another tab may hear of what this one stored, at most. */
  tabDelay: 500,
  /** A token is renewed this long before it ends. */
  renewBefore: 60_000,
};

/** How many times a read is tried at most. */
export const TRIES = 3;

/**
 * How long to wait before another try.
 * @param {{timing: ApiTiming, random: () => number}} surroundings
 * @param {{attempt: number, retryAfter: number | null}} last the attempt counts from 0; `retryAfter` is in seconds
 * @returns {number} milliseconds
 * @internal
 */
export function waitAfter({ timing, random }, { attempt, retryAfter }) {
  return (retryAfter ?? 0) * 1000 + fullJitter(random, { attempt, base: timing.retryBase, cap: timing.retryCap });
}

/**
 * Waits.
 * @param {number} milliseconds
 * @param {AbortSignal | null} [signal]
 * @returns {Promise<void>} rejected with the signal's reason
 * @internal
 */
export function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      if (signal?.aborted) reject(signal.reason);
      else resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener("abort", end);
  });
}

/**
 * Waits for a promise, or for the signal if that comes first.
 * @template T
 * @param {Promise<T>} promise
 * @param {AbortSignal | null} [signal]
 * @returns {Promise<T>} rejected with the signal's reason
 * @internal
 */
export function until(promise, signal) {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

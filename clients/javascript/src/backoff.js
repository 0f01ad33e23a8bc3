/*
 * How long to wait before another attempt: exponential backoff with full jitter, so that a crowd that lost the
 * service at one moment does not come back at one moment.
 */

/**
 * How long to wait.
 * @param {() => number} random a number in [0, 1)
 * @param {{attempt: number, base: number, cap: number}} limits the attempt counts from 0, base and cap are milliseconds
 * @returns {number} milliseconds
 * @internal
 */
export function fullJitter(random, { attempt, base, cap }) {
  return random() * Math.min(cap, base * 2 ** attempt);
}

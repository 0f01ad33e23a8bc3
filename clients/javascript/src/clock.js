/*
 * A clock for deadlines. It counts the time that the machine sleeps, which the browser's monotonic clock may not do, and it
 * never goes back when somebody sets the wall clock.
 */

/**
 * Makes the clock.
 * @param {() => number} wallClock milliseconds since 1970, right or wrong
 * @returns {() => number} milliseconds, from the wall clock's time on, never less than before
 * @internal
 */
export function steadyClock(wallClock) {
  let wall = wallClock();
  let steady = wall;
  return () => {
    const before = wall;
    wall = wallClock();
    steady += Math.max(0, wall - before);
    return steady;
  };
}

/**
 * A clock for deadlines. It counts the time that the machine sleeps, which the browser's monotonic clock may not, and
 * never goes back when somebody sets the wall clock.
 */

/**
 * @param {() => number} wallClock milliseconds since 1970, right or wrong
 * @returns {() => number} milliseconds, starting at the wall clock's time
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

/**
 * Reads what a view cannot do without, until it is there.
 */

import { sentence } from "./failures.js";
import { text } from "./texts/index.js";

/** The waits between the first tries, in milliseconds; the last one goes on. */
const WAITS = [500, 1_000, 2_000, 5_000];

/**
 * Tries until a read works. Meanwhile the viewer is told why it does not.
 * @template T
 * @param {() => Promise<T>} read
 * @param {(trouble: string | null) => void} tell called with null when the trouble is over
 * @returns {Promise<T>}
 */
export async function readAtLast(read, tell) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const answer = await read();
      if (attempt > 0) tell(null);
      return answer;
    } catch (failure) {
      tell(text("page.tryingAgain", { reason: sentence(failure) }));
      await new Promise((resolve) => setTimeout(resolve, WAITS[Math.min(attempt, WAITS.length - 1)]));
    }
  }
}

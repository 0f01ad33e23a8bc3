/**
 * Reads what a view cannot do without, until it is there.
 */

import { LeaderboardError } from "./client/api/index.js";
import { sentence } from "./failures.js";
import { text } from "./texts/index.js";

/** The waits between the first tries, in milliseconds; the last one goes on. */
const WAITS = [500, 1_000, 2_000, 5_000];
/** Milliseconds. */
const TIMEOUT = 15_000;

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
    } catch (error) {
      tell(text("page.tryingAgain", { reason: sentence(error) }));
      await new Promise((resolve) => setTimeout(resolve, WAITS[Math.min(attempt, WAITS.length - 1)]));
    }
  }
}

/**
 * Where the service is: what lies beside the page.
 * @typedef {{http: string, socket: string, cognito: string, webClientId: string, boards?: string[], anyCode?: boolean}} Configuration
 */

/**
 * Reads the page's configuration.
 * @param {(trouble: string | null) => void} tell
 * @returns {Promise<Configuration>}
 */
export function readConfiguration(tell) {
  return readAtLast(async () => {
    try {
      const response = await fetch("./config.json", { signal: AbortSignal.timeout(TIMEOUT) });
      if (!response.ok) throw new Error(`status ${response.status}`);
      return await response.json();
    } catch (cause) {
      throw new LeaderboardError("connection_failed", { cause });
    }
  }, tell);
}

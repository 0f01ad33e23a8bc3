/**
 * What the service made of an answer, in a sentence.
 */

import { text } from "./texts/index.js";
import { amount } from "./words.js";

/**
 * @param {import("./client/api/index.js").Outcome} outcome
 * @param {{game?: import("./games/index.js").Game, format?: import("./rules.js").Format}} of the action's game and the board's format
 * @returns {{result: "counted" | "notBetter" | "failed", score: string, said: string}} `score`: what the player has now
 */
export function verdict({ entry, changed, replayed }, { game, format }) {
  const score = entry ? amount(entry.userScore, format) : "";
  // The service had counted it before: its first answer was lost, or somebody sent it twice.
  if (changed) return { result: "counted", score, said: text(replayed ? "action.countedBefore" : "action.counted", { score }) };
  const isFailed = entry === null || (game && !game.mayFallShort);
  if (isFailed) return { result: "failed", score, said: game?.failed ?? text("action.nothing") };
  return { result: "notBetter", score, said: text("action.notBetter", { score }) };
}

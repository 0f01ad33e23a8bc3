/**
 * The games that this page has.
 */

import { lap } from "./lap.js";
import { quiz } from "./quiz.js";
import { sprint } from "./sprint.js";

/**
 * A game shows what the service asks and returns what the player did. It never knows a score.
 * @typedef {object} Game
 * @property {string} rules one or two sentences
 * @property {string} start what the button says
 * @property {(challenge: any, stage: HTMLElement, signal: AbortSignal) => Promise<unknown>} play shows the game on the stage, and resolves to the evidence
 * @property {string} failed what to say if the attempt did not score
 * @property {boolean} [mayFallShort] whether a good attempt may be worse than an earlier one
 */

/** The games, by the names of their actions. @type {Record<string, Game>} */
export const GAMES = { lap, quiz, sprint };

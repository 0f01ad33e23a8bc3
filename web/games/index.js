/**
 * The games that this page can play, by the names of their actions.
 */

import { lap } from "./lap.js";
import { quiz } from "./quiz.js";
import { sprint } from "./sprint.js";

/**
 * A game turns what the service asks into what the player answers. It never knows a score.
 * @typedef {object} Game
 * @property {string} rules one or two sentences
 * @property {string} start what the button says
 * @property {(challenge: any, stage: HTMLElement, signal: AbortSignal) => Promise<unknown>} play fills the stage; the evidence
 * @property {string} failed what to say of an attempt that did not score
 * @property {boolean} [mayFallShort] whether a good attempt may leave a better score as it is
 */

/** @type {Record<string, Game>} */
export const GAMES = { lap, quiz, sprint };

/*
 * What happened to a user's line between two boards, and how far a line is from the next place. Pure: it draws nothing.
 */

/** @import { Entry } from "./frame.js" */

/** Which score is better: the higher one, or the lower one. @typedef {"asc" | "desc"} Order */

/**
 * How a line moved: it came onto the board, took the lead, joined others on their place, or changed its rank.
 * @typedef {{kind: "entered" | "leads" | "tied"} | {kind: "up" | "down", by: number}} Move
 */

/**
 * What happened to a line; null for what did not.
 * @typedef {{move: Move | null, score: {kind: "gained" | "lost", by: number} | null, renamed: boolean}} Story
 */

/**
 * Whether the first score is better than the second.
 * @param {number} score
 * @param {number} other
 * @param {Order} order
 * @internal
 */
export const isBetter = (score, other, order) => (order === "asc" ? score < other : score > other);

/**
 * What happened to a line.
 * @param {Readonly<Entry> | null} before null if it was not on the board
 * @param {Readonly<Entry>} entry
 * @param {{order: Order, shares: boolean}} context `shares`: another line has the same place
 * @returns {Story}
 * @internal
 */
export function storyOf(before, entry, { order, shares }) {
  const leads = entry.rank === 1 && before?.rank !== 1;
  if (!before) return { move: { kind: leads ? "leads" : "entered" }, score: null, renamed: false };
  const by = entry.userScore - before.userScore;
  const climbed = (before.rank ?? 0) - (entry.rank ?? 0);
  const known = before.rank !== null && entry.rank !== null;
  return {
    move: moveOf({ leads: leads && known, tied: shares && by !== 0, climbed: known ? climbed : 0 }),
    score: by === 0 ? null : { kind: isBetter(entry.userScore, before.userScore, order) ? "gained" : "lost", by },
    renamed: before.userName !== entry.userName,
  };
}

/**
 * @param {{leads: boolean, tied: boolean, climbed: number}} what
 * @returns {Move | null}
 */
function moveOf({ leads, tied, climbed }) {
  if (tied) return { kind: "tied" };
  if (leads) return { kind: "leads" };
  if (climbed === 0) return null;
  return climbed > 0 ? { kind: "up", by: climbed } : { kind: "down", by: -climbed };
}

/**
 * How a line went: others pushed it off the end, or it was taken out from among the others.
 * @param {Readonly<Entry>} gone
 * @param {Readonly<Entry> | undefined} last the last line that is still there
 * @param {Order} order
 * @returns {"pushed" | "removed"}
 * @internal
 */
export const wayOut = (gone, last, order) => (last && !isBetter(gone.userScore, last.userScore, order) ? "pushed" : "removed");

/**
 * How many points a user needs for the next better place, or is ahead of the second one.
 * @param {readonly Readonly<Entry>[]} entries a board's, in its order
 * @param {string} userId
 * @returns {{points: number, place: number} | {points: number, ahead: true} | null} null if it cannot be told
 * @internal
 */
export function distanceOf(entries, userId) {
  const own = entries.find((entry) => entry.userId === userId);
  if (!own) return null;
  const better = entries.filter(({ place }) => place !== null && own.place !== null && place < own.place).at(-1);
  if (better?.place) return { points: Math.abs(better.userScore - own.userScore), place: better.place };
  const second = entries.find((entry) => entry.userId !== userId);
  return own.place === 1 && second ? { points: Math.abs(own.userScore - second.userScore), ahead: true } : null;
}

/**
 * Lengths of the bars behind the lines, as parts of the longest one. A bar is a score as a part of the best one that was
 * seen, so a loss only ever makes a bar shorter. Where scores are times, negative or all nearly the same, bars would say
 * nothing, and there are none.
 * @internal
 */
export class Bars {
  #longest = 0;
  #shown = false;
  /** Whether bars got longer with this board though nobody gained: then they are not drawn growing. */
  rescaled = false;

  /** Starts again, for another board. */
  clear() {
    this.#longest = 0;
    this.#shown = false;
  }

  /**
   * The length of each entry's bar; null for no bars.
   * @param {readonly Readonly<Entry>[]} entries
   * @param {Order} order
   * @returns {number[] | null}
   */
  lengths(entries, order) {
    const scores = entries.map(({ userScore }) => userScore);
    const [best, least] = [Math.max(...scores), Math.min(...scores)];
    const spread = scores.length > 1 && order === "desc" && least >= 0 && best > 0 ? least / best : 1;
    // Two limits, so that bars do not come and go with every score.
    const shown = spread < (this.#shown ? 0.85 : 0.7);
    // A leader far ahead of the others has left: what remains gets the room.
    this.rescaled = shown !== this.#shown || best < this.#longest / 2;
    if (this.rescaled || best > this.#longest) this.#longest = best;
    this.#shown = shown;
    return shown ? scores.map((score) => score / this.#longest) : null;
  }
}

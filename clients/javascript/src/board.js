/*
 * Boards as values: made from a snapshot, changed by an update, and compared with each other.
 */

/** @import { Entry, Place, Snapshot, Update } from "./frame.js" */

import { instant } from "./frame.js";

/**
 * The top of a board as the service recorded it at one (season, epoch, version). Frozen.
 * @typedef {object} Board
 * @property {string} board
 * @property {string} season
 * @property {string | null} epoch names the counter that `version` belongs to; null before the first score
 * @property {number} version
 * @property {number} total users on the whole board: as recorded with this version, or as read over HTTP since
 * @property {string | null} endsAt when the season ends
 * @property {string | null} since the midnight (UTC) that each entry's `was` is of; null if nothing is known of one
 * @property {readonly Readonly<Entry>[]} entries
 * @property {string | null} publishedAt when the service sent it; null if it came over HTTP
 * @property {string | null} scoredAt the newest score in it
 */

/**
 * The differences from the board that the listener saw before.
 * @typedef {object} Changes
 * @property {Place | null} since the board that this one follows; null for the first, which has no changes
 * @property {Entry[]} entered
 * @property {Entry[]} left entries that are gone, as they were
 * @property {{entry: Entry, from: number | null, to: number | null}[]} moved ranks
 * @property {{entry: Entry, from: number, to: number}[]} scored scores, without those that entered
 */

/**
 * How one place of a board's counter compares with the held one. `apart`: it cannot be told, since the epoch, or the
 * schedule of the seasons, is another.
 * @param {Place} place
 * @param {Place} held
 * @returns {"newer" | "same" | "older" | "apart"}
 * @internal
 */
export function compare(place, held) {
  if (place.season !== held.season) {
    // Names of seasons have an order only among their own kind: 2026-11, 2026-W48, 2026-11-23.
    if (place.season.length !== held.season.length) return "apart";
    return place.season > held.season ? "newer" : "older";
  }
  if (place.epoch !== held.epoch) return held.epoch === null ? "newer" : "apart";
  if (place.version === held.version) return "same";
  return place.version > held.version ? "newer" : "older";
}

/**
 * The board that a snapshot holds.
 * @param {Snapshot} snapshot
 * @returns {Board}
 * @internal
 */
export function fromSnapshot({ type: _type, ...top }) {
  const newest = top.entries.map((entry) => entry.scoreUpdatedAt).sort((a, b) => instant(b) - instant(a) || 0)[0];
  // What a newer service adds stays.
  return freeze({ since: null, publishedAt: null, ...top, scoredAt: newest ?? null });
}

/**
 * The board after an update that starts from it; null if two users would have the same rank, which no recorded top has.
 * @param {Board} board
 * @param {Update} update
 * @returns {Board | null}
 * @internal
 */
export function applyUpdate(board, { version, total, upsert, remove, scoredAt, publishedAt }) {
  const byUser = new Map(board.entries.map((entry) => [entry.userId, entry]));
  for (const userId of remove) byUser.delete(userId);
  for (const entry of upsert) byUser.set(entry.userId, entry);
  const entries = [...byUser.values()].sort((a, b) => (a.rank ?? Infinity) - (b.rank ?? Infinity) || 0);
  if (entries.some(({ rank }, index) => rank !== null && rank === entries[index + 1]?.rank)) return null;
  return freeze({
    ...board,
    version,
    total,
    entries,
    publishedAt: publishedAt ?? null,
    scoredAt: scoredAt ?? board.scoredAt,
  });
}

/** @param {Board} board */
function freeze(board) {
  board.entries.forEach(Object.freeze);
  Object.freeze(board.entries);
  return Object.freeze(board);
}

/**
 * The differences between two boards; none if there was no board before.
 * @param {Board | null} before
 * @param {Board} after
 * @returns {Changes}
 * @internal
 */
export function changesBetween(before, after) {
  /** @type {Changes} */
  const changes = { since: null, entered: [], left: [], moved: [], scored: [] };
  if (!before) return changes;
  changes.since = { season: before.season, epoch: before.epoch, version: before.version };
  const gone = new Map(before.entries.map((entry) => [entry.userId, entry]));
  for (const entry of after.entries) {
    const was = gone.get(entry.userId);
    gone.delete(entry.userId);
    if (!was) changes.entered.push(entry);
    else {
      if (was.rank !== entry.rank) changes.moved.push({ entry, from: was.rank, to: entry.rank });
      if (was.userScore !== entry.userScore) changes.scored.push({ entry, from: was.userScore, to: entry.userScore });
    }
  }
  changes.left.push(...gone.values());
  return changes;
}

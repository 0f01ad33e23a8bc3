/*
 * What the service sends, checked before anything else sees it. Text goes in and a typed frame comes out, or null if the
 * text is damaged, of a newer protocol, or a message of the gateway.
 */

/**
 * A user's line on a board.
 * @typedef {object} Entry
 * @property {number | null} rank position in the board's order: 1, 2, 3, …; null where it is not known yet
 * @property {number | null} place competition rank: 1, 2, 2, 4
 * @property {string} userId
 * @property {string} userName text, never markup
 * @property {number} userScore
 * @property {string} scoreUpdatedAt when the user reached this score
 * @property {number | null} [was] in a top: its rank at the top's `since`, null if it was not in the top then
 */

/**
 * Where a board's counter stands. Before the first score the epoch is null, the version 0.
 * @typedef {{season: string, epoch: string | null, version: number}} Place
 */

/** @typedef {{board: string, total: number, endsAt: string | null, since?: string | null, entries: Entry[], publishedAt?: string}} Top */
/** @typedef {{type: "snapshot"} & Place & Top} Snapshot */
/**
 * @typedef {{type: "update", board: string, season: string, epoch: string, from: number, version: number, total: number,
 *   upsert: Entry[], remove: string[], since?: string | null, scoredAt?: string | null, publishedAt?: string}} Update
 */
/** @typedef {{type: "current", board: string} & Place} Current */
/** @typedef {{type: "unsubscribed", board: string}} Unsubscribed */
/** @typedef {{type: "pong", serverTime: number, boards: Map<string, Place>}} Pong */
/** @typedef {{type: "error", code: string, message: string, requestId?: string, board?: string}} Refusal */
/** @typedef {Snapshot | Update | Current | Unsubscribed | Pong | Refusal} Frame */

/**
 * A time in milliseconds since 1970; NaN if it is not a time.
 * @param {string | number | null | undefined} time
 * @internal
 */
export function instant(time) {
  return time == null ? NaN : new Date(time).getTime();
}

/** @param {unknown} value @returns {value is Record<string, any>} */
const isObject = (value) => typeof value === "object" && value !== null;
/** @param {unknown} value @returns {value is string} */
const isText = (value) => typeof value === "string";
/** @param {unknown} value @returns {value is number} */
const isCount = (value) => Number.isSafeInteger(value) && /** @type {number} */ (value) >= 0;
/** @param {unknown} value */
const isRank = (value) => value === null || (isCount(value) && value > 0);

/** @param {any} value */
function isPlace(value) {
  return (
    isObject(value) &&
    isText(value.season) &&
    isCount(value.version) &&
    (value.version === 0 ? value.epoch === null || isText(value.epoch) : isText(value.epoch))
  );
}

/** @param {unknown} value */
function areEntries(value) {
  return (
    Array.isArray(value) &&
    value.every((entry) => isObject(entry) && isText(entry.userId) && isRank(entry.rank)) &&
    new Set(value.map((entry) => entry.userId)).size === value.length
  );
}

/** @param {any} value */
function isTop(value) {
  return (
    isPlace(value) &&
    isCount(value.total) &&
    (value.endsAt === null || !Number.isNaN(instant(value.endsAt))) &&
    areEntries(value.entries)
  );
}

/** @param {any} value @returns {Pong | null} */
function pong(value) {
  const boards = isObject(value.boards) ? Object.entries(value.boards) : [];
  return { type: "pong", serverTime: instant(value.serverTime), boards: new Map(boards.filter(([, place]) => isPlace(place))) };
}

/** @type {Record<string, (value: any) => boolean>} */
const checks = {
  snapshot: isTop,
  update: (value) =>
    isPlace(value) &&
    isText(value.epoch) &&
    isCount(value.from) &&
    value.version > value.from &&
    isCount(value.total) &&
    areEntries(value.upsert) &&
    Array.isArray(value.remove) &&
    value.remove.every(isText),
  current: isPlace,
  unsubscribed: () => true,
};

/**
 * One WebSocket message as a frame; null if it is not one. Throws nothing.
 * @param {unknown} text
 * @returns {Frame | null}
 * @internal
 */
export function parseFrame(text) {
  let value;
  try {
    value = JSON.parse(/** @type {string} */ (text));
  } catch {
    return null;
  }
  if (!isObject(value) || !isText(value.type)) return null;
  if (value.type === "pong") return pong(value);
  const right = value.type === "error" ? isText(value.code) : isText(value.board) && Object.hasOwn(checks, value.type) && checks[value.type](value);
  return right ? /** @type {any} */ (value) : null;
}

/**
 * The body of `GET /boards/{board}/top` as a snapshot; null if it is damaged, is about another board, or has no version.
 * @param {any} body
 * @param {string} board
 * @returns {Snapshot | null}
 * @internal
 */
export function parseTop(body, board) {
  return isTop(body) && body.board === board ? { ...body, type: "snapshot" } : null;
}

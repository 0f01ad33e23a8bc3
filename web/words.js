/**
 * How the page writes numbers, times and names of actions.
 */

import { formatScore } from "./client/format.js";
import { language, locale, text } from "./texts/index.js";

const numbers = new Intl.NumberFormat(locale);
const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/**
 * A number with separators.
 * @param {number} number
 */
export const count = (number) => numbers.format(number);

const hands = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" });

/**
 * The time of day as a clock on a wall shows it, without seconds.
 * @param {number} time milliseconds since 1970
 */
export const clockTime = (time) => hands.format(time);

/** @typedef {import("./rules.js").Format} Format */

/**
 * A score in the format of its board.
 * @param {number} score
 * @param {Format} [format]
 */
export const amount = (score, format) => formatScore({ format }, score, locale);

/**
 * A difference of scores.
 * @param {number} number shown with its sign
 * @param {Format} [format]
 */
export const signed = (number, format) => `${number > 0 ? "+" : "−"}${amount(Math.abs(number), format)}`;

/**
 * The time of day in the viewer's own time zone.
 * @param {number} time milliseconds since 1970
 */
export const timeOfDay = (time) => clock.format(time);

/** The units of a duration, in seconds, and where each starts over. */
const UNITS = /** @type {const} */ ([
  { unit: 86_400, key: "time.days", most: Infinity },
  { unit: 3_600, key: "time.hours", most: 24 },
  { unit: 60, key: "time.minutes", most: 60 },
  { unit: 1, key: "time.seconds", most: 60 },
]);

/**
 * The two largest units of a duration: `6 d 11 h`, `4 min 12 s`, `8 s`.
 * @param {number} milliseconds
 */
export function duration(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const parts = UNITS.map(({ unit, key, most }) => ({ key, value: Math.floor(seconds / unit) % most }));
  const first = parts.findIndex(({ value }) => value !== 0);
  if (first === -1) return text("time.seconds", { value: 0 });
  return parts
    .slice(first, first + 2)
    .filter(({ value }, index) => index === 0 || value !== 0)
    .map(({ key, value }) => text(key, { value }))
    .join(" ");
}

/**
 * How long ago something was.
 * @param {number} milliseconds
 */
export const ago = (milliseconds) => (milliseconds < 1_500 ? text("time.justNow") : text("time.ago", { duration: duration(milliseconds) }));

/**
 * The name of an action for people: `long-jump` is `Long jump`.
 * @param {string} action
 */
export function actionName(action) {
  const words = action.replaceAll(/[-_]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const months = new Intl.DateTimeFormat(language, { month: "long", timeZone: "UTC" });
const days = new Intl.DateTimeFormat(language, { month: "short", day: "numeric", timeZone: "UTC" });

/**
 * The name of a season for people: `2026-W48` is `Week 48`.
 * @param {string} season
 */
export function seasonName(season) {
  const week = /^(\d{4})-W(\d{2})$/.exec(season);
  if (week) return text("season.week", { week: Number(week[2]) });
  const month = /^(\d{4})-(\d{2})$/.exec(season);
  if (month) return months.format(new Date(`${season}-01T00:00:00Z`));
  const day = /^\d{4}-\d{2}-\d{2}$/.test(season);
  if (day) return days.format(new Date(`${season}T00:00:00Z`));
  return season === "all" ? text("seasons.all") : season;
}

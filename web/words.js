/**
 * How the page writes numbers, times and names of actions.
 */

const numbers = new Intl.NumberFormat("en");
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/**
 * A number with separators.
 * @param {number} number
 */
export const count = (number) => numbers.format(number);

/** @typedef {import("./service.js").Format} Format */

/**
 * Milliseconds as people read a lap: `0:08.250`, `1:02:03.004`.
 * @param {number} milliseconds
 */
export function stopwatch(milliseconds) {
  const all = Math.max(0, Math.round(milliseconds));
  const [hours, minutes, seconds] = [Math.floor(all / 3_600_000), Math.floor(all / 60_000) % 60, Math.floor(all / 1000) % 60];
  const head = hours ? `${hours}:${String(minutes).padStart(2, "0")}` : String(minutes);
  return `${head}:${String(seconds).padStart(2, "0")}.${String(all % 1000).padStart(3, "0")}`;
}

/**
 * A score in the format of its board.
 * @param {number} score
 * @param {Format} [format]
 */
export function amount(score, format) {
  if (format?.kind === "duration") return `${score < 0 ? "−" : ""}${stopwatch(Math.abs(score))}`;
  return count(score);
}

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

/**
 * A number with its noun: `1 point`, `2 points`.
 * @param {number} number
 * @param {string} one
 * @param {string} many
 */
export const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

/**
 * The two largest units of a duration: `6 d 11 h`, `4 min 12 s`, `8 s`.
 * @param {number} milliseconds
 */
export function duration(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const parts = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3_600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ];
  const first = parts.findIndex(([value]) => value !== 0);
  if (first === -1) return "0 s";
  return parts
    .slice(first, first + 2)
    .filter(([value], index) => index === 0 || value !== 0)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(" ");
}

/**
 * How long ago something was.
 * @param {number} milliseconds
 */
export const ago = (milliseconds) => (milliseconds < 1_500 ? "just now" : `${duration(milliseconds)} ago`);

/**
 * The name of an action for people: `long-jump` is `Long jump`.
 * @param {string} action
 */
export function actionName(action) {
  const words = action.replaceAll(/[-_]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/**
 * The name of a season for people: `2026-W48` is `Week 48`.
 * @param {string} season
 */
export function seasonName(season) {
  const week = /^(\d{4})-W(\d{2})$/.exec(season);
  if (week) return `Week ${Number(week[2])}`;
  const month = /^(\d{4})-(\d{2})$/.exec(season);
  if (month) return new Intl.DateTimeFormat("en", { month: "long", timeZone: "UTC" }).format(new Date(`${season}-01T00:00:00Z`));
  return season;
}

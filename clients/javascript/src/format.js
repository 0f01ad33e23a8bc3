/*
 * How people read a score, by the board's format and in their own language.
 */

/**
 * The format of a board. `decimals` are the digits behind the point: of a number or a percentage the score counts in them (`1234` with
 * two decimals is 12.34); a duration is milliseconds, shown as seconds with three decimals unless `decimals` says otherwise.
 * @typedef {{kind: "number" | "duration" | "percent", decimals?: number | null, unit?: string | null}} ScoreFormat
 */

/** Stays on the line of the number before it. */
const SPACE = "\u00a0";

// Where a unit touches the number; \0 stands on both sides of a unit, and marks of direction may stand between.
const AFTER_NUMBER = /(\p{Nd}[\u200e\u200f\u061c]*)\0/u;
const BEFORE_NUMBER = /\0([\u200e\u200f\u061c]*\p{Nd})/u;

/** Making a formatter costs a thousand times what using it costs. @type {Map<string, Intl.NumberFormat>} */
const formatters = new Map();

/**
 * A score as people read it: `61.074 s`, `1,204`, `97 %`. A no-break space stands before the unit.
 * @param {{format?: ScoreFormat | null} | null | undefined} board as `boards()` lists it; a plain number if it says no format
 * @param {number} score
 * @param {string} [locale] the runtime's unless given
 * @returns {string}
 */
export function formatScore(board, score, locale) {
  const { kind = "number", decimals, unit } = board?.format ?? {};
  const digits = decimals ?? (kind === "duration" ? 3 : 0);
  const places = { number: digits, duration: 3, percent: digits + 2 }[kind];
  // As text, since a large score has more digits than its quotient could hold.
  const parts = formatter(kind, digits, locale).formatToParts(/** @type {any} */ (`${score}e-${places}`));
  const marked = parts.map(({ type, value }) => (type === "unit" || type === "percentSign" ? `\0${value}\0` : value)).join("");
  const apart = marked.replace(AFTER_NUMBER, `$1${SPACE}`).replace(BEFORE_NUMBER, `${SPACE}$1`);
  const spaced = apart.replaceAll("\0", "").replaceAll(" ", SPACE);
  const own = unit?.trim();
  return own ? spaced + SPACE + own : spaced;
}

/**
 * @param {"number" | "duration" | "percent"} kind
 * @param {number} digits
 * @param {string | undefined} locale
 */
function formatter(kind, digits, locale) {
  const key = `${kind} ${digits} ${locale}`;
  const style = { number: {}, duration: { style: "unit", unit: "second", unitDisplay: "narrow" }, percent: { style: "percent" } }[kind];
  const made =
    formatters.get(key) ??
    new Intl.NumberFormat(locale, /** @type {any} */ ({
      ...style,
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
      // Without it a small loss would round to "-0".
      signDisplay: "negative",
    }));
  formatters.set(key, made);
  return made;
}

/**
 * How many boards a screen shows at once, so that they can be read from afar.
 */

/** Of a panel's height, what its lines have; the rest is the title. */
const LINES_SHARE = 0.88;
/** The text of a line beside the line's height. */
const TEXT_SHARE = 0.5;
/** How wide a line must be for its place, a name and a score, in its text's own size. */
const LINE_EMS = 14;
/** The smallest text that is read from afar, as a part of the screen's shorter side. */
const LEGIBLE = 1 / 36;

/**
 * The most boards whose text stays legible, in the grid that makes their text largest. Where not all fit, the groups that
 * take turns are of one size.
 * @param {number[]} lines how many each board shows
 * @param {{width: number, height: number}} area in pixels
 * @returns {{columns: number, perTurn: number}}
 */
export function arrangement(lines, { width, height }) {
  const most = Math.max(1, ...lines);
  for (let count = lines.length; count > 1; count -= 1) {
    const { columns, size } = largest(count, most, { width, height });
    if (size < Math.min(width, height) * LEGIBLE) continue;
    const perTurn = Math.ceil(lines.length / Math.ceil(lines.length / count));
    return perTurn === count ? { columns, perTurn } : { columns: largest(perTurn, most, { width, height }).columns, perTurn };
  }
  return { columns: 1, perTurn: 1 };
}

/**
 * @param {number} count
 * @param {number} lines
 * @param {{width: number, height: number}} area
 */
function largest(count, lines, { width, height }) {
  const grids = Array.from({ length: count }, (_, index) => {
    const columns = index + 1;
    const rows = Math.ceil(count / columns);
    return { columns, size: Math.min(((height / rows) * LINES_SHARE * TEXT_SHARE) / lines, width / columns / LINE_EMS) };
  });
  return grids.reduce((best, it) => (it.size > best.size ? it : best));
}

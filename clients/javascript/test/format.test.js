/** Scores as people read them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { formatScore } from "../src/format.js";

/** @typedef {import("../src/format.js").ScoreFormat} ScoreFormat */

const SPACE = "\u00a0";
const LARGEST = Number.MAX_SAFE_INTEGER;
const duration = /** @type {const} */ ({ kind: "duration" });
const percent = /** @type {const} */ ({ kind: "percent" });

/**
 * Formats, with plain spaces where no-break ones must stand.
 * @param {ScoreFormat | undefined} format
 * @param {number} score
 * @param {string} [locale]
 */
function read(format, score, locale = "en") {
  const text = formatScore({ format }, score, locale);
  assert.doesNotMatch(text, / /, "a plain space would break the line");
  return text.replaceAll(SPACE, " ");
}

test("durations are seconds, numbers have separators, percentages their sign", () => {
  assert.equal(read(duration, 61_074), "61.074 s");
  assert.equal(read({ kind: "number" }, 1_204), "1,204");
  assert.equal(read(percent, 97), "97 %");
  assert.equal(read(undefined, 1_204), "1,204");
  for (const board of [{}, null, undefined]) assert.equal(formatScore(board, 1_204, "en"), "1,204");
});

test("decimals are those of the board", () => {
  assert.equal(read({ kind: "number", decimals: 2 }, 1_234), "12.34");
  assert.equal(read({ kind: "number", decimals: 6 }, 1), "0.000001");
  assert.equal(read({ kind: "percent", decimals: 1 }, 973), "97.3 %");
  assert.equal(read({ ...duration, decimals: 1 }, 61_074), "61.1 s");
  assert.equal(read({ ...duration, decimals: 0 }, 61_074), "61 s");
  assert.equal(read({ ...duration, decimals: 6 }, 61_074), "61.074000 s");
  assert.equal(read({ kind: "number", decimals: null, unit: null }, 7), "7");
});

test("unit of the board follows", () => {
  assert.equal(read({ kind: "number", unit: "points" }, 1_204), "1,204 points");
  assert.equal(formatScore({ format: { kind: "percent", unit: " of all " } }, 97, "en"), `97${SPACE}%${SPACE}of all`);
});

test("zero, losses and the largest scores are exact", () => {
  assert.equal(read(duration, 0), "0.000 s");
  assert.equal(read({ ...duration, decimals: 0 }, -400), "0 s");
  assert.equal(read(undefined, -0), "0");
  assert.equal(read(percent, -5), "-5 %");
  assert.equal(read(undefined, -1_204), "-1,204");
  assert.equal(read(undefined, LARGEST), "9,007,199,254,740,991");
  assert.equal(read(undefined, -LARGEST), "-9,007,199,254,740,991");
  assert.equal(read(duration, LARGEST), "9,007,199,254,740.991 s");
  assert.equal(read({ kind: "percent", decimals: 2 }, LARGEST), "90,071,992,547,409.91 %");
  assert.equal(read({ kind: "number", decimals: 6 }, LARGEST), "9,007,199,254.740991");
});

test("each language has its own digits, separators, order and sign", () => {
  assert.equal(read(undefined, 1_204, "de"), "1.204");
  assert.match(read(duration, 61_074, "de"), /^61,074 \S+$/);
  assert.equal(read(percent, 97, "de"), "97 %");
  assert.equal(read(percent, 97, "tr"), "% 97");
  assert.equal(read(percent, -97, "tr"), "-% 97");
  assert.match(read(duration, 61_074, "ar-EG"), /^٦١٫٠٧٤ \S+$/);
  assert.match(read(percent, 97, "ar-EG"), /^٩٧ ٪\u061c?$/);
  assert.match(read(percent, 97, "ar"), /^(97|٩٧)[\u200e\u200f\u061c]? [%٪][\u200e\u061c]?$/);
  assert.equal(read(undefined, LARGEST, "hi"), "9,00,71,99,25,47,40,991");
  assert.match(read(duration, 61_074, "hi"), /^61\.074 \S+$/);
  assert.equal(formatScore(undefined, 1_204, "fr"), "1\u202f204");
});

test("without a locale the runtime's is taken, and what is no locale is refused", () => {
  assert.equal(formatScore({}, 1_204), new Intl.NumberFormat().format(1_204));
  assert.throws(() => formatScore({}, 1, "no locale"), RangeError);
});

test("a formatter is made once", () => {
  const { NumberFormat } = Intl;
  let made = 0;
  Intl.NumberFormat = /** @type {any} */ (
    function (/** @type {string} */ locale, /** @type {Intl.NumberFormatOptions} */ options) {
      made += 1;
      return new NumberFormat(locale, options);
    }
  );
  try {
    for (let score = 0; score < 100; score += 1) for (const locale of ["pt", "it"]) formatScore({ format: duration }, score, locale);
  } finally {
    Intl.NumberFormat = NumberFormat;
  }
  assert.equal(made, 2);
});

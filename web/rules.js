/**
 * The boards' rules as the service lists them: which of them are a board's, and how the board is called.
 */

/** @typedef {import("./client/api/index.js").Action} Action */
/** @typedef {import("./client/api/index.js").Board} Rules */
/** @typedef {{kind: "number" | "duration" | "percent", decimals?: number | null, unit?: string | null}} Format */

import { text } from "./texts/index.js";

/**
 * The rules of a board; its own name wins over a pattern, the longest pattern wins.
 * @param {readonly Rules[]} all
 * @param {string} board
 * @returns {Rules | undefined}
 */
export function rulesOf(all, board) {
  const patterns = all.filter((it) => it.board.includes("*") && matches(it.board, board));
  return all.find((it) => it.board === board) ?? patterns.sort((a, b) => b.board.length - a.board.length)[0];
}

/**
 * The title of a board.
 * @param {readonly Rules[]} all
 * @param {string} board
 */
export function titleOf(all, board) {
  const rules = rulesOf(all, board);
  if (!rules) return board;
  if (!rules.board.includes("*") || rules.board === board) return rules.title;
  const [prefix] = rules.board.split("*");
  return text("board.ofPattern", { title: rules.title, name: board.slice(prefix.length) });
}

/**
 * Whether a board is one of a pattern's.
 * @param {string} pattern with one or more `*`
 * @param {string} board
 */
export function matches(pattern, board) {
  const expression = pattern
    .split("*")
    .map((part) => part.replaceAll(/[^a-z0-9-]/g, ""))
    .join("[a-z0-9-]*");
  return new RegExp(`^${expression}$`).test(board);
}

/*
 * How a board's scores are written and which of two is better, as the service lists its boards. An element that is given
 * `http` and no format reads that list once, and all elements of the address share it.
 */

/** @import { ScoreFormat } from "./format.js" */
/** @import { Order } from "./element_story.js" */

import { formatScore } from "./format.js";

/** A board waits so long for the list, and is then shown with plain numbers. */
const PATIENCE_MILLISECONDS = 3_000;
/** A list that did not come is asked for again with the first board after this time. */
const RETRY_MILLISECONDS = 30_000;
const KINDS = ["number", "duration", "percent"];

/** What the service says of one board. @typedef {{board: string, order: Order, format: ScoreFormat}} Rules */

/** The boards of one address. @internal */
export class RulesList {
  /** Whether it is still to be seen what the service says. */
  waiting = true;
  #url;
  /** @type {Map<string, Rules> | null} */
  #boards = null;
  /** @type {Promise<void> | null} */
  #reading = null;
  #readAgainAt = -Infinity;

  /** @param {string} http */
  constructor(http) {
    this.#url = `${http.replace(/\/+$/, "")}/boards`;
  }

  /**
   * What the service says of a board; undefined if that is not known.
   * @param {string} board
   */
  of(board) {
    return this.#boards?.get(board);
  }

  /** Reads the list unless it is known, or did not come a moment ago. Does not reject. */
  async read() {
    if (this.#boards || performance.now() < this.#readAgainAt) return;
    this.#reading ??= this.#read();
    await this.#reading;
  }

  async #read() {
    try {
      const response = await fetch(this.#url, { credentials: "omit", signal: AbortSignal.timeout(PATIENCE_MILLISECONDS) });
      /** @type {{boards: Rules[]}} */
      const { boards } = await response.json();
      this.#boards = new Map(boards.map((rules) => [rules.board, rules]));
    } catch {
      this.#readAgainAt = performance.now() + RETRY_MILLISECONDS;
    }
    this.#reading = null;
    this.waiting = false;
  }
}

/** By the address. @type {Map<string, RulesList>} */
const lists = new Map();

/**
 * The list that an element goes by; null where its attributes say the format, or nobody can be asked.
 * @param {Element} element
 */
function listOf(element) {
  const http = element.getAttribute("http");
  if (!http || formatIn(element)) return null;
  const list = lists.get(http) ?? new RulesList(http);
  lists.set(http, list);
  return list;
}

/**
 * The format that an element's attributes say; undefined without `format`.
 * @param {Element} element
 * @returns {ScoreFormat | undefined}
 */
function formatIn(element) {
  const kind = /** @type {ScoreFormat["kind"]} */ (element.getAttribute("format"));
  if (!KINDS.includes(kind)) return undefined;
  const digits = element.getAttribute("decimals");
  const decimals = digits && /^\d$/.test(digits) ? Number(digits) : null;
  return { kind, decimals, unit: element.getAttribute("unit") };
}

/** @type {Map<string, (score: number) => string>} */
const writers = new Map();

/**
 * What writes scores of a format; the same function for the same format, so that lines are not written again.
 * @param {ScoreFormat} format
 * @param {string | undefined} locale
 */
function writerOf(format, locale) {
  const key = JSON.stringify([format, locale]);
  const writer = writers.get(key) ?? ((score) => formatScore({ format }, score, locale));
  writers.set(key, writer);
  return writer;
}

/**
 * Reads what an element needs to know of its board. Does not reject.
 * @param {Element} element
 * @internal
 */
export const learn = async (element) => listOf(element)?.read();

/**
 * How an element's scores are written, and their order; undefined while that is still to be read.
 * @param {Element} element
 * @param {string | undefined} locale
 * @returns {{formatScore?: (score: number) => string, order?: Order} | undefined}
 * @internal
 */
export function mannerOf(element, locale) {
  const list = listOf(element);
  if (list?.waiting) return undefined;
  const rules = list?.of(element.getAttribute("board") ?? "");
  const format = formatIn(element) ?? rules?.format;
  return { formatScore: format && writerOf(format, locale), order: rules?.order };
}

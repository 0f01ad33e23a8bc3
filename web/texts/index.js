/**
 * What the page says, in the viewer's language. `?lang=` in the address chooses it, then the browser's languages; English where
 * none of them is here. Numbers and times follow the viewer's own locale.
 */

import { de } from "./de.js";
import { en } from "./en.js";
import { failures as germanFailures } from "./failures_de.js";
import { failures as englishFailures } from "./failures_en.js";
import { seasons as germanSeasons } from "./seasons_de.js";
import { seasons as englishSeasons } from "./seasons_en.js";

/** @typedef {string | Partial<Record<Intl.LDMLPluralRule, string>> & {other: string}} Message */
/** @typedef {keyof typeof en | keyof typeof englishFailures | keyof typeof englishSeasons} Key */

/** @type {Record<string, Record<Key, Message>>} */
const CATALOGS = { en: { ...en, ...englishFailures, ...englishSeasons }, de: { ...de, ...germanFailures, ...germanSeasons } };

/**
 * The language of the texts, and the locale of numbers and times.
 * @param {string | null} asked what the address asks for
 * @param {readonly string[]} preferred the browser's languages, the dearest first
 */
export function choose(asked, preferred) {
  const own = preferred.filter(isLocale);
  const language = [asked ?? "", ...own].map(primary).find((it) => it in CATALOGS) ?? "en";
  // A Swiss reader of German has Swiss numbers; a French reader of English has French ones, unless English was asked for.
  const sameLanguage = own.find((it) => primary(it) === language);
  const locale = sameLanguage ?? (asked && primary(asked) === language ? language : (own[0] ?? language));
  return { language, locale };
}

/**
 * Some browsers on Linux name languages that are none, as `en-US@posix`.
 * @param {string} tag
 */
function isLocale(tag) {
  try {
    return Intl.getCanonicalLocales(tag).length > 0;
  } catch {
    return false;
  }
}

/** @param {string} tag */
function primary(tag) {
  return tag.toLowerCase().split("-")[0];
}

const chosen = choose(new URLSearchParams(location.search).get("lang"), navigator.languages);
/** The language of the texts, e.g. `de`. */
export const language = chosen.language;
/** The locale of numbers and times, e.g. `de-CH`. */
export const locale = chosen.locale;
/** The locale of an element that writes numbers in its own `lang`: the viewer's where that is the language of the texts. */
export const spokenLocale = primary(locale) === language ? locale : language;

const numbers = new Intl.NumberFormat(locale);
const plurals = new Intl.PluralRules(language);

/**
 * A text of the page.
 * @param {Key} key
 * @param {Record<string, string | number>} [values] for the names in braces; numbers are written in the viewer's locale
 */
export function text(key, values = {}) {
  const message = CATALOGS[language][key];
  const form = typeof message === "string" ? message : (message[plurals.select(Number(values.count))] ?? message.other);
  return form.replaceAll(/\{(\w+)\}/g, (_, name) => (typeof values[name] === "number" ? numbers.format(values[name]) : values[name]));
}

/**
 * Whether there is a text with this key.
 * @param {string} key
 * @returns {key is Key}
 */
export function hasText(key) {
  return Object.hasOwn(CATALOGS[language], key);
}

/** Where an element names a text, and which attribute takes it; without one it is the content. */
const PLACES = [
  { data: "text", attribute: null },
  { data: "label", attribute: "aria-label" },
  { data: "title", attribute: "title" },
];

/**
 * Writes the texts that a page's elements name by `data-text`, `data-label` and `data-title`.
 * @param {Document} page
 */
export function translate(page) {
  page.documentElement.lang = language;
  for (const board of page.querySelectorAll("live-leaderboard")) board.setAttribute("lang", spokenLocale);
  for (const { data, attribute } of PLACES) {
    for (const element of page.querySelectorAll(`[data-${data}]`)) {
      const said = text(/** @type {Key} */ (element.getAttribute(`data-${data}`)));
      if (attribute) element.setAttribute(attribute, said);
      else element.textContent = said;
    }
  }
}

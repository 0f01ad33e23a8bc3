import type { Entry } from "./frame.js";
/** What the element says. A page in another language gives its own. */
export declare const words: {
    place: string;
    player: string;
    score: string;
    connecting: string;
    empty: string;
    unknown: (/** @type {string} */ board: string) => string;
    stale: (/** @type {string} */ time: string) => string;
    leads: (/** @type {string} */ name: string, /** @type {string} */ score: string) => string;
    total: (/** @type {string} */ count: string) => string;
};
export type Words = typeof words;
export type Manner = {
    label: string;
    locale: string | undefined;
    words: Words;
    formatScore?: (score: number, entry: Entry) => string;
};

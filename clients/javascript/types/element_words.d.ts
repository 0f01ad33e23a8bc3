import type { Entry } from "./frame.js";
import type { Order } from "./element_story.js";
/** @import { Entry } from "./frame.js" */
/** @import { Order } from "./element_story.js" */
/** What the element says. A page in another language gives its own. */
export declare const words: {
    place: string;
    player: string;
    score: string;
    you: string;
    enteredNote: string;
    leadsNote: string;
    tiedNote: string;
    renamedNote: string;
    toPlace: (/** @type {string} */ points: string, /** @type {string} */ place: string) => string;
    ahead: (/** @type {string} */ points: string) => string;
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
    order: Order;
    own: string | null;
    bars: boolean;
    quiet: boolean;
};

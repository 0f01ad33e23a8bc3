import type { Entry, Place } from "./frame.js";
export type Board = {
    board: string;
    season: string;
    /**
     * names the counter that `version` belongs to; null before the first score
     */
    epoch: string | null;
    version: number;
    /**
     * users on the whole board: as recorded with this version, or as read over HTTP since
     */
    total: number;
    /**
     * when the season ends
     */
    endsAt: string | null;
    /**
     * the midnight (UTC) that each entry's `was` is of; null if nothing is known of one
     */
    since: string | null;
    entries: readonly Readonly<Entry>[];
    /**
     * when the service sent it; null if it came over HTTP
     */
    publishedAt: string | null;
    /**
     * the newest score in it
     */
    scoredAt: string | null;
};
export type Changes = {
    /**
     * the board that this one follows; null for the first, which has no changes
     */
    since: Place | null;
    entered: Entry[];
    /**
     * entries that are gone, as they were
     */
    left: Entry[];
    /**
     * ranks
     */
    moved: {
        entry: Entry;
        from: number | null;
        to: number | null;
    }[];
    /**
     * scores, without those that entered
     */
    scored: {
        entry: Entry;
        from: number;
        to: number;
    }[];
};

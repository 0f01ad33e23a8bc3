export type ScoreFormat = {
    kind: "number" | "duration" | "percent";
    decimals?: number | null;
    unit?: string | null;
};
/**
 * A score as people read it: `61.074 s`, `1,204`, `97 %`. A no-break space stands before the unit.
 * @param {{format?: ScoreFormat | null} | null | undefined} board as `boards()` lists it; a plain number if it says no format
 * @param {number} score
 * @param {string} [locale] the runtime's unless given
 * @returns {string}
 */
export declare function formatScore(board: {
    format?: ScoreFormat | null;
} | null | undefined, score: number, locale?: string): string;

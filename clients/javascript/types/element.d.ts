import type { Board } from "./board.js";
import type { Entry } from "./frame.js";
import type { Leaderboard } from "./leaderboard.js";
import type { Words } from "./element_words.js";
declare const Base: {
    new (): HTMLElement;
    prototype: HTMLElement;
};
/**
 * The element. Attributes: `board`, `http`, `socket`, and `label`, the title of the table (else the board's id); `order`,
 * "asc" where lower scores are better; `format`, `decimals` and `unit`, how scores are written; `own`, the viewer's user id, whose line is marked; `bars`, for bars behind the
 * lines; `quiet`, where the page itself says how things stand. It dispatches `change`, whose `detail` is `{board, changes}`.
 */
export declare class LiveLeaderboard extends Base {
    #private;
    static observedAttributes: string[];
    /** A client of the page's own, in place of `http` and `socket`. @returns {Leaderboard | null} */
    get leaderboard(): Leaderboard | null;
    set leaderboard(leaderboard: Leaderboard | null);
    /** A board to show as it is, in place of following one: a past season, or a page of a ranking. @returns {Board | null} */
    get snapshot(): Board | null;
    set snapshot(board: Board | null);
    /** What the element says, in another language or other words. @returns {Partial<Words>} */
    get words(): Partial<Words>;
    set words(own: Partial<Words>);
    /** How a score is written; unless given, by the attribute `format`, or as the service says at `http`. */
    get formatScore(): ((score: number, entry: Entry) => string) | undefined;
    set formatScore(format: ((score: number, entry: Entry) => string) | undefined);
}
export {};

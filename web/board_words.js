/**
 * What the element of a board says, in the page's language.
 */

import { text } from "./texts/index.js";

/**
 * The element's words.
 * @param {import("./rules.js").Format} [format] of the board's scores
 * @returns {Partial<import("./client/element_words.js").Words>}
 */
export function boardWords(format) {
  return {
    place: text("board.place"),
    player: text("board.player"),
    score: text(format?.kind === "duration" ? "board.time" : "board.score"),
    you: text("board.you"),
    enteredNote: text("board.new"),
    leadsNote: text("board.leads"),
    tiedNote: text("board.tied"),
    renamedNote: text("board.renamed"),
    toPlace: (points, place) => text("board.toPlace", { points, place }),
    ahead: (points) => text("board.ahead", { points }),
    connecting: text("status.connecting"),
    empty: text("board.empty"),
    unknown: () => text("board.unknown"),
    stale: (time) => [text("stale.lost"), text("stale.asOf", { time }), text("stale.lostNext")].join(" "),
    leads: (name, score) => text("spoken.leader", { name, score }),
    total: (count) => text("board.total", { count }),
  };
}

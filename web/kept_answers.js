/**
 * What became of answers that the page kept: from a tab that was closed, or after the player stopped waiting.
 */

/** @typedef {import("./client/api/index.js").Api} Api */

import { find, make } from "./elements.js";
import { sentence } from "./failures.js";
import { GAMES } from "./games/index.js";
import { text } from "./texts/index.js";
import { verdict } from "./verdict.js";
import { actionName } from "./words.js";

/** How many are shown at most, the newest last. */
const MOST = 3;

/** The lines that tell of them. */
export class KeptAnswers {
  #parts;
  #element = find("kept");

  /**
   * @param {{api: Api, boards: import("./boards.js").Boards, listed: Promise<unknown>, onCounted: () => void}} parts `listed`: the boards'
   *   rules are known
   */
  constructor(parts) {
    this.#parts = parts;
    const { api, onCounted } = parts;
    api.on("completed", (kept) => {
      onCounted();
      void this.#tell(kept, (where, rules) => {
        const { action = "" } = kept;
        const game = rules?.actions[action]?.evidence ? GAMES[action] : undefined;
        const { result, score, said } = verdict(kept.outcome, { game, format: rules?.format });
        return result === "counted" ? text("kept.counted", { where, score }) : text("kept.arrived", { where, said });
      });
    });
    api.on("givenUp", (kept) => void this.#tell(kept, (where) => text("kept.givenUp", { where, reason: sentence(kept.error) })));
  }

  /** Forgets what was told, since it is another player's. */
  clear() {
    this.#element.replaceChildren();
  }

  /**
   * @param {{board: string, action?: string}} kept
   * @param {(where: string, rules: import("./rules.js").Rules | undefined) => string} write
   */
  async #tell({ board, action }, write) {
    const { api, boards, listed } = this.#parts;
    const { userId } = api.account;
    await listed;
    if (api.account.userId !== userId) return;
    const where = [action && actionName(action), boards.title(board)].filter(Boolean).join(", ");
    this.#element.append(make("p", { class: "message" }, write(where, boards.rules(board))));
    while (this.#element.childElementCount > MOST) this.#element.firstElementChild?.remove();
  }
}

/**
 * The actions of the board that is shown, with a card for each. The cards stay while the board moves, so that a game goes on.
 */

import { Card } from "./card.js";
import { find, make } from "./elements.js";
import { text } from "./texts/index.js";

/** @typedef {import("./client/api/index.js").Outcome} Outcome */

/** The cards of one board. */
export class Actions {
  #parts;
  /** @type {Card[]} */
  #cards = [];
  #element = find("actions");
  #shown = "";

  /**
   * @param {{api: import("./client/api/index.js").Api, onScore: (board: string, outcome: Outcome) => void,
   *   onFailure: (error: unknown) => void}} parts
   */
  constructor(parts) {
    this.#parts = parts;
  }

  /**
   * Shows the actions of a board, or nothing if nobody is signed in.
   * @param {string | null} userId
   * @param {string} board
   * @param {import("./rules.js").Rules | undefined} rules
   */
  show(userId, board, rules) {
    const shown = JSON.stringify([userId, board, rules?.actions, rules?.format]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    for (const card of this.#cards) card.stop();
    this.#cards = [];
    if (!userId || !rules) return this.#element.replaceChildren();
    this.#cards = Object.entries(rules.actions).map(([name, action]) => new Card({ ...this.#parts, board, name, action, format: rules.format }));
    if (this.#cards.length === 0) {
      this.#element.replaceChildren(make("p", { class: "card hint" }, text("action.none")));
    } else this.#element.replaceChildren(...this.#cards.map(({ element }) => element));
  }
}

/**
 * The quiz: one question, four choices, one try.
 */

import { make, press } from "../elements.js";
import { text } from "../texts/index.js";

/** @type {import("./index.js").Game} */
export const quiz = {
  rules: text("quiz.rules"),
  start: text("quiz.start"),
  failed: text("quiz.failed"),

  /** @param {{question: string, choices: string[]}} challenge */
  play({ question, choices }, stage, signal) {
    return new Promise((resolve) => {
      const asked = make("p", { class: "question", id: "question", tabindex: "-1" }, question);
      const buttons = choices.map((choice, index) =>
        make("button", { type: "button", class: "choice" }, make("kbd", { "aria-hidden": "true" }, String(index + 1)), choice),
      );
      for (const [index, button] of buttons.entries()) press(button, () => choose(index));
      const group = make("div", { class: "choices", role: "group", "aria-labelledby": "question" }, ...buttons);
      stage.replaceChildren(asked, group);
      stage.addEventListener("keydown", typed, { signal });
      asked.focus({ preventScroll: true });

      /** @param {number} index */
      function choose(index) {
        if (group.dataset.chosen) return;
        group.dataset.chosen = String(index);
        for (const [at, button] of buttons.entries()) {
          button.setAttribute("aria-disabled", "true");
          button.setAttribute("aria-pressed", String(at === index));
        }
        stage.removeEventListener("keydown", typed);
        resolve({ answer: index });
      }

      /** @param {KeyboardEvent} event the digit of a choice */
      function typed(event) {
        const index = "1234".indexOf(event.key);
        if (index >= 0 && index < choices.length && !event.ctrlKey && !event.metaKey && !event.altKey) choose(index);
      }
    });
  },
};

/**
 * The card of an action: a button, then the game, then how the service counted it.
 */

/** @typedef {import("./rules.js").Action} Action */
/** @typedef {import("./client/api/index.js").Outcome} Outcome */

import { Attempt } from "./attempt.js";
import { make, motion, press, tell, write } from "./elements.js";
import { sentence, trouble } from "./failures.js";
import { GAMES } from "./games/index.js";
import { text } from "./texts/index.js";
import { verdict } from "./verdict.js";
import { actionName, amount, duration } from "./words.js";

/** How often a wait is drawn, in milliseconds. */
const TICK = 100;

/** One action that can be played. */
export class Card {
  #parts;
  #title;
  /** @type {import("./games/index.js").Game | undefined} */
  #game;
  /** @type {AbortController | null} ends the attempt that runs */
  #running = null;
  #progress = /** @type {HTMLProgressElement} */ (make("progress", { max: "1", hidden: true }));
  #hint = make("p", { class: "hint" });
  #stage = make("div", { class: "game", hidden: true });
  #failed = make("p", { class: "failure", role: "alert", hidden: true });
  #result = make("p", { class: "result", role: "status" });
  #button = make("button", { type: "button" });
  #leave = make("button", { type: "button", class: "quiet", hidden: true }, text("action.giveUp"));

  /**
   * @param {{api: import("./client/api/index.js").Api, board: string, name: string, action: Action, format?: import("./rules.js").Format,
   *   onScore: (board: string, outcome: Outcome) => void, onFailure: (error: unknown) => void}} parts
   */
  constructor(parts) {
    this.#parts = parts;
    const { name, action, format } = parts;
    this.#title = actionName(name);
    this.#game = action.evidence ? GAMES[name] : undefined;
    this.#progress.setAttribute("aria-label", text("action.waiting", { title: this.#title }));
    press(this.#button, () => this.#start());
    press(this.#leave, () => this.#giveUp());
    this.element = make(
      "section",
      { class: "card action", "aria-label": this.#title },
      make("h3", {}, this.#title),
      make("p", { class: "worth" }, worth(action.points, format)),
      // The wait is shown below the game, so that nothing moves under a finger.
      this.#stage,
      this.#hint,
      this.#progress,
      this.#failed,
      this.#result,
      make("div", { class: "buttons" }, this.#button, this.#leave),
    );
    // This page has no game for the action, so it cannot be played here.
    this.#button.hidden = action.evidence && !this.#game;
    this.#turn("idle");
  }

  /** Ends the attempt that runs, without a word. An answer that was given is still sent. */
  stop() {
    this.#running?.abort();
    this.#running = null;
  }

  async #start() {
    if (this.#running) return;
    const running = new AbortController();
    this.#running = running;
    tell(this.#failed, null);
    write(this.#result, "");
    try {
      this.#turn("asking");
      const { api, board, name, action, onScore } = this.#parts;
      const attempt = await Attempt.begin(api, board, name, action.minSeconds);
      running.signal.throwIfAborted();
      const evidence = this.#game ? await this.#play(this.#game, attempt, running.signal) : undefined;
      this.#turn("sending");
      this.#draw(attempt, running.signal);
      const outcome = await attempt.send(evidence, {
        signal: running.signal,
        onRetry: (error, wait) => this.#trouble(error, wait),
      });
      running.signal.throwIfAborted();
      tell(this.#failed, null);
      this.#report(outcome);
      onScore(board, outcome);
    } catch (error) {
      if (running.signal.aborted) return;
      tell(this.#failed, sentence(error));
      this.#parts.onFailure(error);
    } finally {
      running.abort();
      if (this.#running === running) this.#end();
    }
  }

  /**
   * @param {import("./games/index.js").Game} game
   * @param {Attempt} attempt
   * @param {AbortSignal} signal
   */
  #play(game, attempt, signal) {
    this.#turn("playing");
    const played = game.play(attempt.challenge, this.#stage, signal);
    this.element.scrollIntoView({ block: "nearest", behavior: motion.allowed ? "smooth" : "instant" });
    return new Promise((resolve, reject) => {
      played.then(resolve, reject);
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      // An answer after the ticket has expired would not count.
      const late = setTimeout(() => reject(Attempt.expired()), attempt.expiresAt - performance.now());
      signal.addEventListener("abort", () => clearTimeout(late), { once: true });
    });
  }

  #giveUp() {
    const sent = this.element.dataset.state === "sending";
    this.stop();
    tell(this.#failed, null);
    write(this.#result, text(sent ? "action.stoppedWaiting" : "action.gaveUp"));
    this.#end();
  }

  #end() {
    const hadFocus = this.element.contains(document.activeElement);
    this.#running = null;
    this.#stage.replaceChildren();
    this.#turn("idle");
    if (hadFocus) this.#button.focus({ preventScroll: true });
  }

  /**
   * Shows what the player waits for: until the ticket may be used, then for the answer of the service.
   * @param {Attempt} attempt
   * @param {AbortSignal} signal
   */
  #draw(attempt, signal) {
    const draw = () => {
      const left = attempt.readyAt - performance.now();
      this.#progress.hidden = left <= 0;
      this.#progress.value = attempt.progress;
      write(this.#hint, left > 0 ? text("action.countedIn", { duration: duration(left + 999) }) : text("action.sending"));
      if (left <= 0) clearInterval(timer);
    };
    const timer = setInterval(draw, TICK);
    signal.addEventListener("abort", () => clearInterval(timer), { once: true });
    draw();
  }

  /**
   * @param {import("./client/api/index.js").LeaderboardError} error
   * @param {number} wait milliseconds
   */
  #trouble(error, wait) {
    tell(this.#failed, text("action.kept", { reason: trouble(error), count: Math.max(1, Math.floor(wait / 1000)) }));
    write(this.#hint, text("action.waitingToSend"));
  }

  /** @param {Outcome} outcome */
  #report(outcome) {
    const { result, said } = verdict(outcome, { game: this.#game, format: this.#parts.format });
    if (result === "failed") tell(this.#failed, said);
    else write(this.#result, said);
  }

  /** @param {"idle" | "asking" | "playing" | "sending"} state */
  #turn(state) {
    const { action } = this.#parts;
    this.element.dataset.state = state;
    this.#stage.hidden = state !== "playing" && !this.#stage.hasChildNodes();
    this.#progress.hidden = true;
    this.#hint.hidden = state === "playing";
    const inPlay = this.#game !== undefined && (state === "playing" || state === "sending");
    this.#button.hidden = inPlay || (action.evidence && !this.#game);
    this.#leave.hidden = !inPlay;
    const rules = this.#game?.rules ?? (action.evidence ? text("action.elsewhere") : text("action.takes", { count: action.minSeconds }));
    if (state === "idle") write(this.#hint, rules);
    write(this.#button, state === "idle" ? (this.#game?.start ?? this.#title) : text("action.oneMoment"));
    // Not `disabled`: the button would lose the keyboard's focus.
    this.#button.setAttribute("aria-disabled", String(state !== "idle"));
  }
}

/**
 * @param {Action["points"]} points
 * @param {import("./rules.js").Format} [format]
 */
function worth(points, format) {
  if (typeof points === "number") return text("points", { count: points });
  return format?.kind === "duration" ? text("action.bestTime") : text("action.upTo", { count: points.max });
}

/*
 * One client at work: a session with its clock, timer, sockets, reads and listeners.
 */

/** @import { Effect } from "./effects.js" */
/** @import { Event as SessionEvent } from "./events.js" */
/** @import { Leaderboard, Options } from "./leaderboard.js" */
/** @import { Problem } from "./problems.js" */

import { steadyClock } from "./clock.js";
import { parseTop } from "./frame.js";
import { Listeners } from "./listeners.js";
import { loaded, loadReads, loadRemedies } from "./loaded.js";
import { watchPage } from "./page.js";
import { Session } from "./session.js";
import { Sockets } from "./sockets.js";
import { statusKeeper } from "./status.js";
import { timing as standard } from "./timing.js";

/** Timers count in 31 bits. */
const LONGEST_TIMER = 2 ** 31 - 1;

const global = /** @type {import("./page.js").Page & {WebSocket?: new (url: string) => import("./sockets.js").Socket}} */ (globalThis);

/** What `createLeaderboard` makes, with everything that users do not see. @internal */
export class Client {
  #clock;
  #session;
  #sockets;
  /** @type {ReturnType<typeof import("./top.js").topReader> | undefined} */
  #readTop;
  #listeners = new Listeners();
  #statusOf;
  #setTimer;
  #clearTimer;
  #forgetPage;
  /** Whether the runtime has no WebSocket, and one is wanted. */
  #lacksSockets;
  #http;
  /** In a browser: the socket's address, until a socket has opened. @type {string | undefined} */
  #suspect;
  #asking = false;
  #equipped = false;
  /** @type {Map<string, AbortController>} */
  #reads = new Map();
  /** @type {Effect[]} */
  #effects = [];
  #performing = false;
  /** @type {unknown} */
  #timer = null;

  /** @param {Options} options with `socket`, `http`, or both */
  constructor(options) {
    const { socket, http, fetchTicket } = options;
    const WebSocket = options.WebSocket ?? global.WebSocket;
    const wallClock = options.now ?? Date.now;
    const clock = steadyClock(wallClock);
    this.#clock = clock;
    this.#statusOf = statusKeeper(() => wallClock() - clock());
    this.#setTimer = options.setTimeout ?? ((callback, milliseconds) => globalThis.setTimeout(callback, milliseconds));
    this.#clearTimer = options.clearTimeout ?? ((timer) => globalThis.clearTimeout(timer));
    this.#sockets = socket !== undefined && WebSocket ? new Sockets({ url: socket, WebSocket, fetchTicket }, (event) => this.#heard(event)) : null;
    this.#lacksSockets = socket !== undefined && !WebSocket;
    this.#http = http;
    if (!options.WebSocket && global.document) this.#suspect = socket;
    this.#session = new Session({
      timing: { ...standard, ...options.timing },
      random: options.random ?? Math.random,
      sockets: this.#sockets !== null,
    });
    if (!this.#suspect) this.#equip();
    if (http !== undefined) {
      const open = (/** @type {typeof import("./reads.js")} */ { Polling, topReader }) => {
        this.#readTop = topReader({ http, fetch: options.fetch, parseTop });
        this.#dispatch({ type: "loaded", Polling });
      };
      // A page that cannot load it follows by its socket alone.
      if (loaded.reads) open(loaded.reads);
      else loadReads().then(open, () => {});
    }
    const { document, navigator } = global;
    const page = options.page === undefined ? { document, window: document && globalThis, navigator } : options.page;
    this.#forgetPage = watchPage(page ?? {}, (type) => this.#dispatch({ type }));
  }

  // Arrow functions, so that users may take them off the object.

  /** @type {Leaderboard["subscribe"]} */
  subscribe = (board, onChange) => {
    if (!/^[a-z0-9-]{1,48}$/.test(board)) throw new TypeError(`${JSON.stringify(board)} is not a board id`);
    if (this.#closed) throw new Error("The leaderboard client is closed");
    const subscriber = { onChange, hasBoard: false };
    if (this.#listeners.subscribe(board, subscriber)) this.#dispatch({ type: "follow", board });
    queueMicrotask(() => {
      if (this.#lacksSockets) this.#explain("client", ({ missingWebSocket }) => missingWebSocket(this.#http !== undefined));
      const held = this.#session.held(board);
      if (held) this.#listeners.showHeld(held, subscriber);
    });
    return () => {
      if (this.#listeners.unsubscribe(board, subscriber)) this.#dispatch({ type: "unfollow", board });
    };
  };

  on = (/** @type {"status" | "problem"} */ event, /** @type {any} */ listener) => this.#listeners.add(event, listener);

  board = (/** @type {string} */ board) => this.#session.held(board);

  get status() {
    return this.#statusOf(this.#session.condition);
  }

  now = () => this.#clock() + this.#session.offset;

  // Who asks for it looks at the page.
  reconnect = () => this.#dispatch({ type: "visible" });

  close = () => {
    if (this.#closed) return;
    this.#forgetPage();
    this.#listeners.clearBoards();
    this.#dispatch({ type: "close" });
  };

  get #closed() {
    return this.status.state === "closed";
  }

  /**
   * Gives the session what tells a mistake in the set-up from an outage, once it is loaded. In a page this comes after the
   * first look around: the session counts failures, and four may pass before a slow machine has found the reason.
   */
  #equip() {
    if (this.#equipped || !loaded.remedies) return;
    this.#equipped = true;
    this.#dispatch({ type: "loaded", Diagnosis: loaded.remedies.Diagnosis });
  }

  /**
   * Takes an event of the sockets. While none has ever opened, a failure may be a mistake in the set-up.
   * @param {SessionEvent} event
   */
  #heard(event) {
    const suspect = this.#suspect;
    if (event.type === "socketOpened") this.#suspect = undefined;
    if (event.type === "socketLost") {
      this.#explain("socket", ({ whyNoSocket }) => (suspect && !event.problem ? whyNoSocket(suspect, this.#http) : null));
    }
    this.#dispatch(event);
  }

  /**
   * Reports what is wrong. The words for it are loaded when they are needed.
   * @param {"client" | "socket"} source
   * @param {(remedies: typeof import("./remedies.js")) => Problem | null | Promise<Problem | null>} find
   */
  async #explain(source, find) {
    if (this.#asking) return;
    this.#asking = true;
    const remedies = await loadRemedies();
    const problem = remedies && (await find(remedies));
    // What is found once is not looked for again.
    this.#asking = !!problem;
    if (problem && (source === "client" || this.#suspect)) this.#dispatch({ type: "problemFound", source, problem });
    this.#equip();
  }

  /**
   * Tells the session an event, performs the effects, and sets the timer again. An effect may dispatch again: a listener may
   * subscribe, a socket may fail at once. Those effects come last, so everybody sees the boards in order.
   * @param {SessionEvent} event
   */
  #dispatch(event) {
    this.#effects.push(...this.#session.step(event, this.#clock()));
    if (this.#performing) return;
    this.#performing = true;
    for (let effect = this.#effects.shift(); effect; effect = this.#effects.shift()) this.#perform(effect);
    this.#performing = false;
    if (this.#timer !== null) this.#clearTimer(this.#timer);
    const wait = Math.max(1, Math.ceil(this.#session.due - this.#clock()));
    if (wait < Infinity) this.#timer = this.#setTimer(() => this.#tick(), Math.min(wait, LONGEST_TIMER));
  }

  #tick() {
    // What takes long to connect may never do it.
    if (this.status.state === "connecting") this.#explain("socket", () => null);
    this.#dispatch({ type: "tick" });
  }

  /** @param {Effect} effect */
  #perform(effect) {
    switch (effect.do) {
      case "connect":
        return void this.#sockets?.connect(effect.link);
      case "send":
        return this.#sockets?.send(effect.link, effect.message);
      case "disconnect":
        return this.#sockets?.disconnect(effect.link);
      case "fetch":
        return void this.#read(effect.board);
      case "abort":
        this.#reads.get(effect.board)?.abort();
        this.#reads.delete(effect.board);
        return;
      case "showBoard":
        return this.#listeners.show(effect.board, effect.changes);
      case "showCondition":
        return this.#listeners.showStatus(this.status);
      case "reportProblem":
        this.#listeners.report(effect.problem);
    }
  }

  /** @param {string} board */
  async #read(board) {
    if (!this.#readTop) return;
    const controller = new AbortController();
    this.#reads.set(board, controller);
    const reading = await this.#readTop(board, controller.signal).catch(() => ({}));
    if (this.#reads.get(board) !== controller) return;
    this.#reads.delete(board);
    this.#dispatch("top" in reading ? { type: "readSucceeded", board, ...reading } : { type: "readFailed", board, ...reading });
  }
}

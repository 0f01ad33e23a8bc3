/**
 * The client: a session with its timer, sockets, HTTP reads and listeners around it.
 */

/** @typedef {import("./board.js").Board} Board */
/** @typedef {import("./board.js").Changes} Changes */
/** @typedef {import("./page.js").Page} Page */
/** @typedef {import("./session.js").Condition} Condition */
/** @typedef {import("./session.js").ConnectionState} ConnectionState */
/** @typedef {import("./session.js").Effect} Effect */
/** @typedef {import("./session.js").Event} SessionEvent */
/** @typedef {import("./session.js").Problem} Problem */
/** @typedef {import("./timing.js").Timing} Timing */

import { changesBetween } from "./board.js";
import { steadyClock } from "./clock.js";
import { watchPage } from "./page.js";
import { Session } from "./session.js";
import { timing as standard } from "./timing.js";
import { topReader } from "./top.js";

/**
 * What this client needs of a WebSocket: the browser's, Node's and the one of the package `ws` have it.
 * @typedef {object} Socket
 * @property {((event: any) => void) | null} onopen
 * @property {((event: any) => void) | null} onmessage
 * @property {((event: any) => void) | null} onclose
 * @property {((event: any) => void) | null} onerror
 * @property {(text: string) => void} send
 * @property {(code?: number) => void} close
 */

/**
 * @typedef {object} Options
 * @property {string} [socket] the stage's `wss://` URL; without it the boards are polled over HTTP
 * @property {string} [http] the API's URL: for the first board before the socket is up, and where sockets are blocked
 * @property {() => string | null | undefined | Promise<string | null | undefined>} [fetchTicket] a fresh socket ticket
 *   for every connection; nothing makes the connection anonymous
 * @property {new (url: string) => Socket} [WebSocket] where there is no global one (Node 20)
 * @property {typeof globalThis.fetch} [fetch]
 * @property {Partial<Timing>} [timing] durations in milliseconds, see `timing.js`
 * @property {Page | null} [page] where to listen for visibility and network; null to listen nowhere
 * @property {() => number} [now] the wall clock, milliseconds since 1970
 * @property {() => number} [random]
 * @property {(callback: () => void, milliseconds: number) => any} [setTimeout]
 * @property {(timer: any) => void} [clearTimeout]
 */

/**
 * How things stand. Frozen, and the same object while nothing changed.
 * @typedef {object} Status
 * @property {ConnectionState} state
 * @property {Date | null} staleSince up to when the boards shown were known to be the service's own; null while they are
 * @property {number} attempt connections lost or failed in a row
 * @property {Date | null} retryAt when the next connection is tried, if one is waited for
 * @property {readonly Problem[]} problems what needs somebody and is not solved yet
 */

/** @typedef {(board: Board, changes: Changes) => void} Listener */

/**
 * @typedef {object} Leaderboard
 * @property {(board: string, onChange: Listener) => () => void} subscribe calls `onChange` with the whole board at every
 *   change, first with the one that is held; returns what ends it
 * @property {{(event: "status", listener: (status: Status) => void): () => void;
 *   (event: "problem", listener: (problem: Problem) => void): () => void}} on returns a function that removes the listener
 * @property {(board: string) => Board | null} board what is held of a board that is followed
 * @property {Status} status
 * @property {() => number} now the service's time, as far as it is known, in milliseconds: for the time left in a season
 * @property {() => void} close for good: no timer, listener or socket stays
 */

const TICKET_FAILED =
  "`fetchTicket` gave no ticket; its error is in `cause`. The client tries again with the next connection. " +
  "Without a ticket, return null: the viewer is then anonymous.";
const SOCKET_FAILED =
  "The WebSocket could not be made; the error is in `cause`. Check that `socket` is a `wss://` address, and that the page's " +
  "Content-Security-Policy allows it (`connect-src`).";
/** Timers count in 31 bits. */
const LONGEST_TIMER = 2 ** 31 - 1;

const global = /** @type {Page & {WebSocket?: new (url: string) => Socket, importScripts?: unknown}} */ (globalThis);

/**
 * @param {Options} options
 * @returns {Leaderboard}
 */
export function createLeaderboard(options) {
  const { socket, http, fetchTicket } = options;
  const WebSocket = options.WebSocket ?? global.WebSocket;
  const fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  const wallClock = options.now ?? Date.now;
  const random = options.random ?? Math.random;
  const setTimer = options.setTimeout ?? ((callback, milliseconds) => globalThis.setTimeout(callback, milliseconds));
  const clearTimer = options.clearTimeout ?? ((timer) => globalThis.clearTimeout(timer));
  const sockets = socket !== undefined && WebSocket !== undefined;
  if (socket === undefined && http === undefined) {
    throw new TypeError("createLeaderboard needs `socket`, `http`, or both");
  }

  const clock = steadyClock(wallClock);
  const timing = { ...standard, ...options.timing };
  const session = new Session({ timing, random, sockets, http: http !== undefined });
  // A worker has no document, but a browser's fetch.
  const cached = "document" in globalThis || "importScripts" in globalThis;
  const readTop = http === undefined ? null : topReader({ http, fetch, cached });

  /** @type {Map<string, Set<{onChange: Listener, told: boolean}>>} */
  const subscribers = new Map();
  /** @type {{status: Set<(status: Status) => void>, problem: Set<(problem: Problem) => void>}} */
  const listeners = { status: new Set(), problem: new Set() };
  /** @type {Map<number, Socket | null>} null while its ticket is fetched */
  const links = new Map();
  /** @type {Map<string, AbortController>} */
  const reads = new Map();
  /** @type {Effect[]} */
  const effects = [];
  let performing = false;
  /** @type {Condition | null} what `current` was made of */
  let condition = null;
  /** @type {Status} */
  let current;
  /** @type {Status | null} */
  let told = null;
  /** @type {unknown} */
  let timer = null;
  let closed = false;

  /** @param {SessionEvent} event */
  function dispatch(event) {
    effects.push(...session.step(event, clock()));
    if (performing) return;
    performing = true;
    // Performing an effect may dispatch again (a listener subscribes, a socket fails at once): that comes after it.
    for (let effect = effects.shift(); effect; effect = effects.shift()) perform(effect);
    performing = false;
    if (timer !== null) clearTimer(timer);
    const wait = Math.max(1, Math.ceil(session.due - clock()));
    timer = wait === Infinity ? null : setTimer(tick, Math.min(wait, LONGEST_TIMER));
  }

  function tick() {
    timer = null;
    dispatch({ type: "tick" });
  }

  /** @param {Effect} effect */
  function perform(effect) {
    switch (effect.do) {
      case "connect":
        return void connect(effect.link);
      case "send":
        return send(effect.link, JSON.stringify(effect.message));
      case "disconnect":
        return disconnect(effect.link);
      case "fetch":
        return void read(effect.board);
      case "abort":
        reads.get(effect.board)?.abort();
        reads.delete(effect.board);
        return;
      case "show":
        for (const subscriber of subscribers.get(effect.board.board) ?? []) show(subscriber, effect.board, effect.changes);
        return;
      case "tell":
        return tell(status());
      case "report":
        if (listeners.problem.size === 0) console.warn(`leaderboard-client: ${effect.problem.message}`);
        for (const listener of listeners.problem) call(() => listener(effect.problem));
    }
  }

  /** @param {number} link */
  async function connect(link) {
    links.set(link, null);
    let url = /** @type {string} */ (socket);
    try {
      if (fetchTicket) {
        const ticket = await fetchTicket();
        if (!links.has(link)) return;
        if (ticket) url += `${url.includes("?") ? "&" : "?"}ticket=${encodeURIComponent(ticket)}`;
      }
    } catch (cause) {
      return fail(link, { code: "ticket_failed", message: TICKET_FAILED, cause });
    }
    try {
      const opening = new /** @type {new (url: string) => Socket} */ (WebSocket)(url);
      links.set(link, opening);
      opening.onopen = () => dispatch({ type: "opened", link });
      opening.onmessage = ({ data }) => dispatch({ type: "heard", link, text: data });
      opening.onclose = () => fail(link);
      opening.onerror = () => {};
    } catch (cause) {
      fail(link, { code: "socket_failed", message: SOCKET_FAILED, cause });
    }
  }

  /**
   * @param {number} link
   * @param {Problem} [problem]
   */
  function fail(link, problem) {
    if (links.delete(link)) dispatch({ type: "lost", link, problem });
  }

  /**
   * @param {number} link
   * @param {string} text
   */
  function send(link, text) {
    try {
      links.get(link)?.send(text);
    } catch {
      // It is closing: its close event says so.
    }
  }

  /** @param {number} link */
  function disconnect(link) {
    const leaving = links.get(link);
    links.delete(link);
    if (!leaving) return;
    // onerror stays: a socket that is closed while it opens still reports an error, which `ws` throws if nobody listens.
    leaving.onopen = leaving.onmessage = leaving.onclose = null;
    leaving.close(1000);
  }

  /** @param {string} board */
  async function read(board) {
    const controller = new AbortController();
    reads.set(board, controller);
    const reading = await /** @type {NonNullable<typeof readTop>} */ (readTop)(board, controller.signal);
    if (reads.get(board) !== controller) return;
    reads.delete(board);
    dispatch("top" in reading ? { type: "answered", board, ...reading } : { type: "unanswered", board, ...reading });
  }

  /**
   * @param {{onChange: Listener, told: boolean}} subscriber
   * @param {Board} board
   * @param {Changes} changes
   */
  function show(subscriber, board, changes) {
    const first = !subscriber.told;
    subscriber.told = true;
    call(() => subscriber.onChange(board, first ? changesBetween(null, board) : changes));
  }

  /** The same object while the session's condition is the same. */
  function status() {
    if (session.condition === condition) return current;
    condition = session.condition;
    const { state, staleAt, attempt, retryAt, problems } = condition;
    const ahead = wallClock() - clock();
    /** @param {number | null} time */
    const date = (time) => (time === null ? null : new Date(time + ahead));
    current = Object.freeze({ state, staleSince: date(staleAt), attempt, retryAt: date(retryAt), problems });
    return current;
  }

  /** @param {Status} news */
  function tell(news) {
    if (news === told) return;
    told = news;
    for (const listener of listeners.status) call(() => listener(news));
  }

  const { document, navigator } = global;
  const page = options.page === undefined ? { document, window: document && globalThis, navigator } : options.page;
  const forgetPage = watchPage(page ?? {}, (type) => dispatch({ type }));

  return {
    subscribe(board, onChange) {
      if (!/^[a-z0-9-]{1,48}$/.test(board)) throw new TypeError(`${JSON.stringify(board)} is not a board id`);
      if (closed) throw new Error("The leaderboard client is closed");
      const subscriber = { onChange, told: false };
      const others = subscribers.get(board) ?? new Set();
      subscribers.set(board, others.add(subscriber));
      if (others.size === 1) dispatch({ type: "follow", board });
      queueMicrotask(() => {
        if (socket !== undefined && !sockets) dispatch({ type: "hindered", problem: missingSocket(http) });
        const held = session.held(board);
        if (held && !subscriber.told && others.has(subscriber)) show(subscriber, held, changesBetween(null, held));
      });
      return () => {
        if (!others.delete(subscriber) || others.size > 0 || closed) return;
        subscribers.delete(board);
        dispatch({ type: "unfollow", board });
      };
    },
    on(/** @type {"status" | "problem"} */ event, /** @type {any} */ listener) {
      listeners[event].add(listener);
      return () => void listeners[event].delete(listener);
    },
    board: (board) => session.held(board),
    get status() {
      return status();
    },
    now: () => clock() + session.offset,
    close() {
      if (closed) return;
      closed = true;
      forgetPage();
      for (const others of subscribers.values()) others.clear();
      subscribers.clear();
      dispatch({ type: "close" });
      if (timer !== null) clearTimer(timer);
      timer = null;
    },
  };
}

/** @param {string | undefined} http */
function missingSocket(http) {
  const remedy = 'Use Node.js 22 or newer, or `npm install ws`, `import { WebSocket } from "ws"` and pass it as the option `WebSocket`.';
  const meanwhile = http === undefined ? "" : " Until then the boards are polled over HTTP.";
  return { code: "websocket_missing", message: `This JavaScript runtime has no WebSocket. ${remedy}${meanwhile}` };
}

/**
 * A listener's mistake is its own: it is reported as uncaught, and the others are called.
 * @param {() => void} listener
 */
function call(listener) {
  try {
    listener();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

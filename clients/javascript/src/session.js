/**
 * The client without its I/O: events and the time in, what to do out. It decides when to connect, ask, ping, replace,
 * poll and pause, and what the state is called; the same events at the same times give the same effects.
 */

/** @typedef {import("./board.js").Board} Board */
/** @typedef {import("./board.js").Changes} Changes */
/** @typedef {import("./frame.js").Frame} Frame */
/** @typedef {import("./frame.js").Place} Place */
/** @typedef {import("./frame.js").Snapshot} Snapshot */
/** @typedef {import("./link.js").Link} Link */
/** @typedef {import("./timing.js").Timing} Timing */

import { changesBetween } from "./board.js";
import { Connections } from "./connections.js";
import { Following } from "./following.js";
import { parseFrame } from "./frame.js";
import { Poll } from "./poll.js";
import { Problems } from "./problems.js";

/**
 * - `idle`: no board is followed
 * - `connecting`: no socket has been live yet
 * - `live`: the socket is open and every board has been answered on it
 * - `reconnecting`: the socket is lost, or does not answer; another try is under way or planned
 * - `polling`: as `reconnecting`, and meanwhile the boards are read over HTTP
 * - `offline`: no socket, and the browser says that there is no network
 * - `paused`: the page has been hidden for long, so the socket was let go
 * - `closed`: by `close()`
 * @typedef {"idle" | "connecting" | "live" | "reconnecting" | "polling" | "offline" | "paused" | "closed"} ConnectionState
 */

/**
 * @typedef {{state: ConnectionState, staleAt: number | null, attempt: number, retryAt: number | null,
 *   problems: readonly Problem[]}} Condition
 */
/** @typedef {{code: string, message: string, board?: string, requestId?: string, cause?: unknown}} Problem */

/**
 * @typedef {{type: "follow", board: string} | {type: "unfollow", board: string}
 *   | {type: "opened", link: number} | {type: "heard", link: number, text: unknown}
 *   | {type: "lost", link: number, problem?: Problem}
 *   | {type: "answered", board: string, top: Snapshot}
 *   | {type: "unanswered", board: string, problem?: Problem, retryAfter?: number, failure?: string}
 *   | {type: "hindered", problem: Problem}
 *   | {type: "hidden"} | {type: "visible"} | {type: "left"} | {type: "offline"} | {type: "online"}
 *   | {type: "close"} | {type: "tick"}} Event
 */

/**
 * @typedef {import("./connections.js").ConnectionEffect
 *   | {do: "fetch", board: string} | {do: "abort", board: string}
 *   | {do: "show", board: Board, changes: Changes} | {do: "tell", condition: Condition}
 *   | {do: "report", problem: Problem}} Effect
 */

/** Answers in a row that could not be placed before a new connection, which has no past, is to decide. */
const UNDECIDED_LIMIT = 3;
/** Connections that failed, of a client that never had one, before the way to the service is suspected. */
const TRIES_LIMIT = 4;
/** Reads of every board that failed in a row, where there is no socket, before the address is suspected. */
const READS_LIMIT = 2;
/** Why a socket never opens, as far as a client can know: a browser does not say that a handshake was refused. */
const SOCKET_BLOCKED =
  "The most likely cause on a web page: the page's origin is not in the stage's `allowedOrigins`. Add it and deploy again. " +
  "Otherwise check the address `socket`, and whether a proxy blocks such connections. The client keeps trying.";

/** One followed board, and what is known of its freshness. */
class Follow {
  following = new Following();
  /** When the last listener's grace is over. */
  forgetAt = Infinity;
  /** The last time at which the held board was known to be the service's own. */
  freshAt = -Infinity;
  fresh = false;
  refused = false;

  /**
   * @param {Poll} poll
   * @param {number} rollDelay how long after a season's end to ask for the next
   */
  constructor(poll, rollDelay) {
    this.poll = poll;
    this.rollDelay = rollDelay;
  }
}

export class Session {
  /** The time of the service minus this client's. */
  offset = 0;

  /** @type {Map<string, Follow>} */
  #follows = new Map();
  /** @type {Effect[]} */
  #effects = [];
  #now = -Infinity;

  #wanted = false;
  #closed = false;
  #offline = false;
  #hiddenAt = Infinity;
  #leftPage = false;

  #everOpened = false;
  #everLive = false;
  /** Since when there has been no live socket though one is wanted. */
  #downAt = Infinity;
  /** How long after that this client, of many that lost their sockets at one moment, begins to poll. */
  #pollDelay = 0;
  /** Whether the last read over HTTP came back. */
  #reading = false;
  #everRead = false;
  /** The page may not read what the service answers, as it seems. @type {Problem | null} */
  #foreign = null;
  #problems = new Problems();
  /** @type {Condition} */
  #condition = { state: "idle", staleAt: null, attempt: 0, retryAt: null, problems: this.#problems.list };

  #timing;
  #random;
  #sockets;
  #http;
  #connections;

  /** @param {{timing: Timing, random: () => number, sockets: boolean, http: boolean}} means which ways there are to the service */
  constructor({ timing, random, sockets, http }) {
    this.#timing = timing;
    this.#random = random;
    this.#sockets = sockets;
    this.#http = http;
    this.#connections = new Connections({ timing, random, emit: (effect) => this.#effects.push(effect) });
  }

  get condition() {
    return this.#condition;
  }

  /** @param {string} board */
  held(board) {
    return this.#follows.get(board)?.following.held ?? null;
  }

  /**
   * @param {Event} event
   * @param {number} now never less than before
   * @returns {Effect[]} in the order in which to do them
   */
  step(event, now) {
    if (!this.#closed) {
      this.#now = now;
      this.#take(event, now);
      this.#advance(now);
    }
    const effects = this.#effects.slice();
    this.#effects.length = 0;
    return effects;
  }

  /** When to `tick` at the latest; Infinity if only another event can change anything. */
  get due() {
    const follows = [...this.#follows.values()];
    const times = follows.map((follow) => follow.forgetAt);
    if (this.#wanted) {
      times.push(this.#hiddenAt + this.#timing.hiddenAfter, this.#connections.due);
      times.push(...this.#doubts.filter((at) => at > this.#now));
      times.push(...follows.map((follow) => follow.poll.due(this.#pollFrom)));
      times.push(...follows.map((follow) => this.#rollAt(follow)).filter((at) => at > this.#now));
    }
    return Math.min(...times, Infinity);
  }

  /**
   * @param {Event} event
   * @param {number} now
   */
  #take(event, now) {
    switch (event.type) {
      case "follow":
        return this.#follow(event.board, now);
      case "unfollow": {
        const follow = this.#follows.get(event.board);
        if (follow) follow.forgetAt = now + this.#timing.linger;
        return;
      }
      case "opened": {
        const link = this.#find(event.link);
        link?.open(now);
        this.#everOpened = true;
        this.#problems.solve("socket", "origin");
        for (const board of this.#follows.keys()) link?.follow(board, now);
        return;
      }
      case "heard": {
        const link = this.#find(event.link);
        if (!link?.isOpen) return;
        link.heardAt = now;
        const frame = parseFrame(event.text);
        if (frame) this.#hear(frame, link, now);
        return;
      }
      case "lost": {
        if (event.problem) this.#connectionFailed(event.problem);
        const link = this.#find(event.link);
        if (link) this.#connections.lose(link, now);
        return;
      }
      case "answered":
        return this.#answered(event.board, event.top, now);
      case "unanswered":
        return this.#unanswered(event, now);
      case "hidden":
        this.#hiddenAt = Math.min(this.#hiddenAt, now);
        this.#connections.unwatched = true;
        return;
      case "left":
        this.#leftPage = true;
        return;
      case "visible":
        this.#hiddenAt = Infinity;
        this.#leftPage = false;
        this.#connections.unwatched = false;
        return this.#hurry(now, 0);
      case "offline":
        this.#offline = this.#connections.offline = true;
        return this.#connections.current?.probe(now);
      case "online":
        this.#offline = this.#connections.offline = false;
        return this.#hurry(now, this.#random() * this.#timing.reconnectBase);
      case "hindered":
        return this.#report("client", event.problem);
      case "close":
        this.#closed = true;
        return;
      case "tick":
    }
  }

  /** @param {number} id */
  #find(id) {
    return this.#connections.all.find((link) => link.id === id);
  }

  /**
   * @param {string} board
   * @param {number} now
   */
  #follow(board, now) {
    const known = this.#follows.get(board);
    if (known) {
      known.forgetAt = Infinity;
      return;
    }
    const poll = new Poll({ timing: this.#timing, random: this.#random });
    const follow = new Follow(poll, this.#random() * this.#timing.rollJitter);
    this.#follows.set(board, follow);
    for (const link of this.#connections.all) if (link.isOpen) link.follow(board, now);
    const hasSocket = this.#connections.current?.isOpen;
    if (this.#http && !hasSocket && !this.#offline && !this.#isPaused(now)) this.#fetch(board, follow, now);
  }

  // Frames

  /**
   * @param {Frame} frame
   * @param {Link} link
   * @param {number} now
   */
  #hear(frame, link, now) {
    if (frame.type === "pong") return this.#pong(frame, link, now);
    if (frame.type === "error") return this.#refusal(frame, link, now);
    const follow = this.#follows.get(frame.board);
    if (!follow) return;
    const { following } = follow;
    const before = following.held;
    switch (frame.type) {
      case "snapshot": {
        const askedAt = link.answer(frame.board);
        this.#accept(frame.board, follow);
        following.snapshot(frame, { now, readAfter: link.openedAt, askedAt });
        following.answered(frame, askedAt);
        if (following.undecided >= UNDECIDED_LIMIT) this.#connections.distrust(link, now);
        break;
      }
      case "update":
        if (following.update(frame, now)) link.fitted(frame.board);
        break;
      case "current":
        if (!before) return;
        this.#accept(frame.board, follow);
        following.name(frame, now);
        following.answered(frame, link.answer(frame.board));
        break;
      case "unsubscribed":
        link.askAgain(frame.board, { now });
    }
    // Until every board has been answered, one that has is known to be right as of its arrival.
    if (following.held && follow.freshAt === -Infinity) follow.freshAt = now;
    this.#show(before, following);
  }

  /**
   * @param {Board | null} before
   * @param {Following} following
   */
  #show(before, { held }) {
    if (held && held !== before) this.#effects.push({ do: "show", board: held, changes: changesBetween(before, held) });
  }

  /**
   * @param {import("./frame.js").Pong} frame
   * @param {Link} link
   * @param {number} now
   */
  #pong({ serverTime, boards }, link, now) {
    this.#problems.solve("frames");
    const readAt = link.pong(now);
    if (readAt !== null && !Number.isNaN(serverTime)) this.offset = serverTime - readAt;
    for (const [board, place] of boards) {
      const follow = this.#follows.get(board);
      if (follow) follow.following.name(place, now);
      else this.#effects.push({ do: "send", link: link.id, message: { action: "unsubscribe", board } });
    }
    for (const board of this.#follows.keys()) {
      if (!boards.has(board) && link.isSettled(board)) link.askAgain(board, { now });
    }
  }

  /**
   * @param {import("./frame.js").Refusal} frame
   * @param {Link} link
   * @param {number} now
   */
  #refusal({ code, message, board, requestId }, link, now) {
    const follow = board === undefined ? undefined : this.#follows.get(board);
    if (board !== undefined && !follow) return;
    this.#report(board === undefined ? "frames" : `board ${board}`, { code, message, board, requestId });
    if (code === "board_not_found" && board !== undefined && follow) {
      link.refuse(board);
      follow.refused = true;
    } else link.askAgain(board, { now, slower: code === "rate_limited" ? 2 : 0 });
  }

  /**
   * The service answered for a board.
   * @param {string} board
   * @param {Follow} follow
   */
  #accept(board, follow) {
    follow.refused = false;
    this.#problems.solve(`board ${board}`, `read ${board}`, "frames");
  }

  // Reads over HTTP

  /**
   * @param {string} board
   * @param {Snapshot} top
   * @param {number} now
   */
  #answered(board, top, now) {
    const follow = this.#follows.get(board);
    const sentAt = follow?.poll.sentAt ?? null;
    if (!follow || sentAt === null) return;
    follow.poll.succeed(now);
    this.#reading = this.#everRead = true;
    this.#readable();
    this.#problems.solve(`read ${board}`);
    // What the socket brings of a board comes in order; a read beside it would only make gaps.
    if (this.#connections.current?.isAnswered(board)) return;
    const { following } = follow;
    const before = following.held;
    const readAfter = sentAt - this.#timing.cacheAllowance;
    follow.refused = false;
    follow.freshAt = sentAt;
    following.snapshot(top, { now, readAfter });
    following.count(top);
    following.answered(top, readAfter);
    this.#show(before, following);
  }

  /**
   * @param {{board: string, problem?: Problem, retryAfter?: number, failure?: string}} failed
   * @param {number} now
   */
  #unanswered({ board, problem, retryAfter = 0, failure = "The service did not answer in time" }, now) {
    const follow = this.#follows.get(board);
    if (!follow || follow.poll.sentAt === null) return;
    follow.poll.fail(now, retryAfter);
    this.#reading = false;
    if (problem?.code === "origin_refused") this.#foreign = problem;
    else if (problem) {
      this.#readable();
      this.#report(`read ${board}`, problem);
      if (problem.code === "board_not_found") follow.refused = true;
    } else {
      const failures = Math.min(...[...this.#follows.values()].map(({ poll }) => poll.failures));
      if (this.#sockets || failures < READS_LIMIT) return;
      const remedy = "Check that `http` is the API's address and that it can be reached from here. The client keeps trying.";
      this.#report("http", { code: "http_failed", message: `${failure}, ${failures} times in a row. ${remedy}` });
    }
  }

  /** The service's own code answered over HTTP. */
  #readable() {
    this.#foreign = null;
    this.#problems.solve("http", "origin");
  }

  /** From when on boards are polled; Infinity while the socket is live, or nobody looks. */
  get #pollFrom() {
    if (!this.#http || this.#offline || this.#hiddenAt < Infinity) return Infinity;
    return this.#downAt + this.#pollDelay;
  }

  /** @param {number} now */
  #poll(now) {
    for (const [board, follow] of this.#follows) {
      if (follow.poll.isOverdue(now)) {
        this.#effects.push({ do: "abort", board });
        this.#unanswered({ board }, now);
      }
      if (now >= follow.poll.due(this.#pollFrom)) this.#fetch(board, follow, now);
    }
  }

  /**
   * @param {string} board
   * @param {Follow} follow
   * @param {number} now
   */
  #fetch(board, { poll }, now) {
    poll.start(now);
    this.#effects.push({ do: "fetch", board });
  }

  /**
   * @param {string} board
   * @param {Follow} follow
   */
  #abort(board, { poll }) {
    if (poll.sentAt !== null) this.#effects.push({ do: "abort", board });
    poll.stop();
  }

  // What is due

  /**
   * Somebody looks, or the network is back.
   * @param {number} now
   * @param {number} wait
   */
  #hurry(now, wait) {
    if (this.#wanted && this.#sockets) this.#connections.hurry(now, wait);
    for (const { poll } of this.#follows.values()) poll.hurry(now + wait);
  }

  /** @param {number} now */
  #advance(now) {
    this.#forget(now);
    this.#want(now);
    if (this.#wanted) {
      this.#connections.advance(now, (board) => this.#standing(board, now));
      if (this.#connections.current?.live) {
        this.#everLive = true;
        this.#downAt = Infinity;
        this.#reading = false;
      } else if (this.#downAt === Infinity) {
        this.#downAt = now;
        if (this.#sockets) this.#pollDelay = this.#timing.pollAfter + this.#random() * this.#timing.pollInterval;
      }
      this.#poll(now);
      this.#suspect();
    }
    this.#judge(now);
  }

  /**
   * Lets go of boards that nobody has listened to for a while.
   * @param {number} now
   */
  #forget(now) {
    for (const [board, follow] of this.#follows) {
      if (now < follow.forgetAt) continue;
      this.#abort(board, follow);
      this.#follows.delete(board);
      this.#problems.solve(`board ${board}`, `read ${board}`);
      for (const link of this.#connections.all) {
        link.forget(board);
        if (link.isOpen) this.#effects.push({ do: "send", link: link.id, message: { action: "unsubscribe", board } });
      }
    }
  }

  /**
   * Starts and stops everything with there being something to follow and somebody to look.
   * @param {number} now
   */
  #want(now) {
    const wanted = !this.#closed && !this.#isPaused(now) && this.#follows.size > 0;
    if (wanted && !this.#wanted && this.#sockets) this.#connections.start(now);
    if (!wanted && this.#wanted) {
      this.#connections.stop();
      this.#downAt = Infinity;
      for (const [board, follow] of this.#follows) this.#abort(board, follow);
    }
    this.#wanted = wanted;
    if (!this.#closed) return;
    this.#follows.clear();
    this.#problems.clear();
  }

  /** @param {number} now */
  #isPaused(now) {
    return this.#leftPage || now >= this.#hiddenAt + this.#timing.hiddenAfter;
  }

  /** @param {Follow} follow when to ask for the next season, if it has not come by itself */
  #rollAt({ following, rollDelay }) {
    return following.endsAt - this.offset + rollDelay;
  }

  /**
   * @param {string} board
   * @param {number} now
   */
  #standing(board, now) {
    const follow = /** @type {Follow} */ (this.#follows.get(board));
    return { behind: follow.following.behind || now >= this.#rollAt(follow), held: follow.following.held };
  }

  // Problems

  /**
   * @param {string} source what solves it: `socket`, `http`, `origin`, `frames`, `board …`, `read …`; nothing does `client`
   * @param {Problem} problem
   */
  #report(source, problem) {
    if (this.#problems.add(source, problem)) this.#effects.push({ do: "report", problem });
  }

  /** @param {Problem} problem of the newest attempt: it takes the place of an older one */
  #connectionFailed(problem) {
    if (!this.#problems.list.some(({ code }) => code === problem.code)) this.#problems.solve("socket");
    this.#report("socket", problem);
  }

  /** What looks like a lost connection, but began with the first one and may be somebody's mistake. */
  #suspect() {
    const { failures } = this.#connections;
    if (this.#everOpened || this.#offline) return;
    // A socket that opens proves that the origin is let in: then the read's failure had another cause.
    if (this.#foreign && (failures > 0 || !this.#sockets)) this.#report("origin", this.#foreign);
    if (failures < TRIES_LIMIT || this.#problems.has("socket") || (this.#http && !this.#everRead)) return;
    const facts = this.#http ? "The service answers over HTTP, but no" : "No";
    const message = `${facts} socket opened in ${failures} tries. ${this.#http ? "" : "The service may be down. If it is not: "}${SOCKET_BLOCKED}`;
    this.#report("socket", { code: "socket_blocked", message });
  }

  // How things stand

  /**
   * Says how things stand, if that is news.
   * @param {number} now
   */
  #judge(now) {
    const { current, connectAt, failures } = this.#connections;
    const state = this.#state(now);
    const staleAt = Math.min(...[...this.#follows].map(([board, follow]) => this.#staleAt(board, { follow, state, now })), Infinity);
    /** @type {Condition} */
    const condition = {
      state,
      staleAt: staleAt === Infinity ? null : staleAt,
      attempt: state === "live" ? 0 : failures,
      retryAt: current || connectAt === Infinity ? null : connectAt,
      problems: this.#problems.list,
    };
    const before = this.#condition;
    if (Object.entries(condition).every(([key, value]) => before[/** @type {keyof Condition} */ (key)] === value)) return;
    this.#condition = condition;
    this.#effects.push({ do: "tell", condition });
  }

  /** From when on a silent connection, or the end of a board's season, makes boards doubtful. */
  get #doubts() {
    const { doubtAfter } = this.#timing;
    return [this.#connections.current?.doubtAt ?? Infinity, ...[...this.#follows.values()].map((follow) => this.#rollAt(follow) + doubtAfter)];
  }

  /**
   * Whether the connection is live and the board on it the service's own. The next season may take a moment to come.
   * @param {string} board
   * @param {Follow} follow
   * @param {number} now
   */
  #isFresh(board, follow, now) {
    const { current } = this.#connections;
    if (!current?.isAnswered(board) || now >= current.doubtAt) return false;
    return !follow.following.behind && now < this.#rollAt(follow) + this.#timing.doubtAfter;
  }

  /**
   * Since when a board may not be the service's own any more; Infinity if it is, or if nothing is shown.
   * @param {string} board
   * @param {{follow: Follow, state: ConnectionState, now: number}} circumstances
   */
  #staleAt(board, { follow, state, now }) {
    if (!follow.following.held || follow.refused) return Infinity;
    const { current } = this.#connections;
    const wasFresh = follow.fresh;
    follow.fresh = state === "live" && this.#isFresh(board, follow, now);
    if (state === "live" && (follow.fresh || wasFresh)) follow.freshAt = current?.heardAt ?? now;
    const polled = state === "polling" && follow.poll.failures === 0 && !follow.following.behind;
    return follow.fresh || polled ? Infinity : follow.freshAt;
  }

  /**
   * @param {number} now
   * @returns {ConnectionState}
   */
  #state(now) {
    if (this.#closed) return "closed";
    if (this.#follows.size === 0) return "idle";
    if (!this.#wanted) return "paused";
    if (this.#connections.current?.live) return "live";
    if (this.#offline) return "offline";
    if (this.#reading && now >= this.#pollFrom) return "polling";
    return this.#everLive || this.#connections.failures > 0 ? "reconnecting" : "connecting";
  }
}

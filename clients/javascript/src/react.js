"use client";
/*
 * Boards in React. A provider has one client, and every component that follows the same board reads the same state.
 *
 * React may render without mounting, mount twice, or render on a server. So rendering only reads: the client is made
 * with the first subscription, in an effect, and closed when the provider is unmounted.
 */

/** @import { Board, Changes } from "./board.js" */
/** @import { Leaderboard, Options } from "./leaderboard.js" */
/** @import { Status } from "./status.js" */
/** @import { ReactElement, ReactNode } from "react" */

import { createContext, createElement, useContext, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { compare, fromSnapshot } from "./board.js";
import { parseTop } from "./frame.js";
import { createLeaderboard } from "./leaderboard.js";

/**
 * What `useLeaderboard` returns. The same object while nothing changed.
 * @typedef {object} View
 * @property {Board | null} board null before the first one
 * @property {Changes} changes what changed since the board before
 * @property {Status} status
 */

/**
 * @typedef {object} ProviderProps
 * @property {string} [socket] see `createLeaderboard`
 * @property {string} [http]
 * @property {Options["fetchTicket"]} [fetchTicket] may be a new function with each render
 * @property {Omit<Options, "socket" | "http" | "fetchTicket">} [options] read when the client is made
 * @property {Leaderboard} [leaderboard] a client of your own, in place of all the others; the provider never closes it
 * @property {ReactNode} [children]
 */

/** @type {Status} */
const IDLE = Object.freeze({ state: "idle", staleSince: null, attempt: 0, retryAt: null, problems: Object.freeze([]) });
/** @type {Changes} */
const NO_CHANGES = Object.freeze({ since: null, entered: [], left: [], moved: [], scored: [] });

/** The client of one provider, from the first subscription on, and the views of its boards. */
class Source {
  /** @type {Leaderboard | null} */
  #made = null;
  /** @type {Map<string, FollowedView>} */
  #views = new Map();
  #own;
  #make;

  /**
   * @param {Leaderboard | undefined} own
   * @param {() => Leaderboard} make
   */
  constructor(own, make) {
    this.#own = own;
    this.#make = make;
  }

  get leaderboard() {
    return this.#own ?? (this.#made ??= this.#make());
  }

  get status() {
    return (this.#own ?? this.#made)?.status ?? IDLE;
  }

  /** @param {() => void} changed */
  watchStatus = (changed) => {
    const off = this.leaderboard.on("status", changed);
    changed();
    return off;
  };

  /**
   * The view of a board, which all components share.
   * @param {string} name
   * @param {unknown} initial
   */
  view(name, initial) {
    const known = this.#views.get(name);
    if (known) return known;
    const view = new FollowedView(this, name, initial);
    this.keep(name, view);
    return view;
  }

  /**
   * A view has its first component.
   * @param {string} name
   * @param {FollowedView} view
   */
  keep(name, view) {
    if (!this.#views.has(name)) this.#views.set(name, view);
  }

  /**
   * A view has lost its last component: a later one must not begin with an old board.
   * @param {string} name
   * @param {FollowedView} view
   */
  forget(name, view) {
    if (this.#views.get(name) === view) this.#views.delete(name);
  }

  close() {
    this.#made?.close();
    this.#made = null;
    this.#views.clear();
  }
}

/** What components see of one board. */
class FollowedView {
  /** @type {View} */
  #view;
  #first;
  #components = 0;
  #source;
  #name;

  /**
   * @param {Source} source
   * @param {string} name
   * @param {unknown} initial
   */
  constructor(source, name, initial) {
    this.#source = source;
    this.#name = name;
    this.#first = this.#view = { board: boardOf(initial, name), changes: NO_CHANGES, status: IDLE };
  }

  read = () => this.#view;

  /** As the server rendered it. */
  readFirst = () => this.#first;

  /** @param {() => void} changed */
  subscribe = (changed) => {
    const { leaderboard } = this.#source;
    this.#components += 1;
    this.#source.keep(this.#name, this);
    const offStatus = leaderboard.on("status", (status) => this.#change({ status }, changed));
    const offBoard = leaderboard.subscribe(this.#name, (board, changes) => {
      const held = this.#view.board;
      // The board given at first may be newer than an answer from a cache on the way.
      if (held && compare(board, held) === "older") return;
      this.#change({ board, changes }, changed);
    });
    this.#change({ status: leaderboard.status }, changed);
    return () => {
      offStatus();
      offBoard();
      this.#components -= 1;
      if (this.#components === 0) this.#source.forget(this.#name, this);
    };
  };

  /**
   * @param {Partial<View>} part
   * @param {() => void} changed
   */
  #change(part, changed) {
    // Each component subscribes, and the first one that is called makes the view of them all.
    const known = /** @type {[keyof View, unknown][]} */ (Object.entries(part)).every(([key, value]) => key === "changes" || this.#view[key] === value);
    if (!known) this.#view = { ...this.#view, ...part };
    changed();
  }
}

/**
 * A board that was read before, e.g. on the server; null if it is not one.
 * @param {unknown} initial
 * @param {string} name
 */
function boardOf(initial, name) {
  const top = initial == null ? null : parseTop(structuredClone(initial), name);
  return top && fromSnapshot(top);
}

const SourceContext = createContext(/** @type {Source | null} */ (null));

/**
 * Gives the components below it one client.
 * @param {ProviderProps} props `http`, `socket` or both; or `leaderboard`
 * @returns {ReactElement}
 */
export function LeaderboardProvider({ socket, http, fetchTicket, options, leaderboard, children }) {
  const latest = useRef({ fetchTicket, options });
  useEffect(() => {
    latest.current = { fetchTicket, options };
  });
  const signsIn = fetchTicket !== undefined;
  const source = useMemo(
    () =>
      new Source(leaderboard, () => {
        const ticket = signsIn ? () => latest.current.fetchTicket?.() : undefined;
        return createLeaderboard({ ...latest.current.options, socket, http, fetchTicket: ticket });
      }),
    [leaderboard, socket, http, signsIn],
  );
  useEffect(() => () => source.close(), [source]);
  return createElement(SourceContext.Provider, { value: source }, children);
}

function useSource() {
  const source = useContext(SourceContext);
  if (!source) throw new Error("Put <LeaderboardProvider http=… socket=…> around the components that follow boards");
  return source;
}

/**
 * Follows a board while the component is mounted.
 * @param {string} board
 * @param {{initial?: unknown}} [options] `initial`: the top as `GET /boards/{board}/top` answers it, or a board of this
 *   package: what is shown at first, also on a server
 * @returns {View}
 */
export function useLeaderboard(board, { initial } = {}) {
  const source = useSource();
  // Only the first `initial` counts: an app may make a new object with each render.
  const [first] = useState(initial);
  const view = useMemo(() => source.view(board, first), [source, board, first]);
  return useSyncExternalStore(view.subscribe, view.read, view.readFirst);
}

/**
 * The status of the client.
 * @returns {Status}
 */
export function useLeaderboardStatus() {
  const source = useSource();
  return useSyncExternalStore(source.watchStatus, () => source.status, () => IDLE);
}

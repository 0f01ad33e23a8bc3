/*
 * The WebSockets behind a session's links: each is opened with a ticket of its own, written to, and closed.
 */

/** @import { Event as SessionEvent } from "./events.js" */
/** @import { Problem } from "./problems.js" */

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

/** A fresh socket ticket; nothing makes the connection anonymous. @typedef {() => string | null | undefined | Promise<string | null | undefined>} FetchTicket */

import { loadRemedies } from "./loaded.js";

/** Opens, writes and closes the sockets of one client. @internal */
export class Sockets {
  /** By link; null while its ticket is fetched. @type {Map<number, Socket | null>} */
  #open = new Map();
  #options;
  #dispatch;

  /**
   * @param {{url: string, WebSocket: new (url: string) => Socket, fetchTicket?: FetchTicket}} options
   * @param {(event: SessionEvent) => void} dispatch takes the events of the sockets
   */
  constructor(options, dispatch) {
    this.#options = options;
    this.#dispatch = dispatch;
  }

  /**
   * Opens a socket.
   * @param {number} link
   */
  async connect(link) {
    this.#open.set(link, null);
    const { WebSocket, fetchTicket } = this.#options;
    let { url } = this.#options;
    let failed = /** @type {"ticketFailed" | "socketFailed"} */ ("ticketFailed");
    try {
      if (fetchTicket) {
        const ticket = await fetchTicket();
        if (!this.#open.has(link)) return;
        if (ticket) url += `${url.includes("?") ? "&" : "?"}ticket=${encodeURIComponent(ticket)}`;
      }
      failed = "socketFailed";
      const socket = new WebSocket(url);
      this.#open.set(link, socket);
      socket.onopen = () => this.#dispatch({ type: "socketOpened", link });
      socket.onmessage = ({ data }) => this.#dispatch({ type: "messageReceived", link, text: data });
      // A socket that a content security policy forbids has an error, and Chromium never closes it.
      socket.onclose = socket.onerror = () => this.#lose(link);
    } catch (cause) {
      this.#lose(link, (await loadRemedies())?.[failed](cause));
    }
  }

  /**
   * Sends a message, unless the socket is gone.
   * @param {number} link
   * @param {import("./link.js").Message} message
   */
  send(link, message) {
    try {
      this.#open.get(link)?.send(JSON.stringify(message));
    } catch {
      // It is closing: its close event says so.
    }
  }

  /**
   * Closes a socket; nothing more is heard of it.
   * @param {number} link
   */
  disconnect(link) {
    const socket = this.#open.get(link);
    this.#open.delete(link);
    if (!socket) return;
    // onerror stays: a socket that is closed while it opens still reports an error, which `ws` throws if nobody listens.
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(1000);
  }

  /**
   * @param {number} link
   * @param {Problem} [problem]
   */
  #lose(link, problem) {
    if (this.#open.delete(link)) this.#dispatch({ type: "socketLost", link, problem });
  }
}

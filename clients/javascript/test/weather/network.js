/** The model service as a WebSocket class and a fetch function in memory, with the weather in between. */

/** @typedef {import("./random.js").Random} Random */
/** @typedef {import("./service.js").Service} Service */
/** @typedef {import("./time.js").Time} Time */
/** @typedef {import("./weather.js").Weather} Weather */

/** Limits of API Gateway. */
const LIFETIME = 2 * 3_600_000;
const IDLE = 10 * 60_000;

/** The network between one client and the service. */
export class Network {
  /** @type {Set<object>} sockets that the client has not closed, and that are not closed to it */
  open = new Set();
  connections = 0;
  mostOpen = 0;
  /** Connections that the gateway ended for their age or idleness. */
  struck = 0;
  requests = 0;
  notModified = 0;
  /** @type {string[]} */
  urls = [];
  #service;
  #weather;
  #time;
  /** @type {Map<string, {at: number, answer: ReturnType<Service["top"]>}>} edges' caches */
  #cache = new Map();

  /** @param {{service: Service, weather: Weather, time: Time}} parts */
  constructor({ service, weather, time }) {
    this.#service = service;
    this.#weather = weather;
    this.#time = time;
    const network = this;
    this.WebSocket = class {
      /** @type {((event: any) => void) | null} */ onopen = null;
      /** @type {((event: any) => void) | null} */ onmessage = null;
      /** @type {((event: any) => void) | null} */ onclose = null;
      /** @type {((event: any) => void) | null} */ onerror = null;
      readyState = 0;
      silent = false;
      heardAt = 0;

      /** @param {string} url */
      constructor(url) {
        network.urls.push(url);
        network.#opening(this);
      }

      /** @param {string} text */
      send(text) {
        if (this.readyState === 0) throw new Error("It is not open yet");
        network.#toService(this, text);
      }

      close() {
        this.end();
      }

      end() {
        if (this.readyState === 3) return;
        this.readyState = 3;
        network.open.delete(this);
        time.after(1, () => service.disconnect(this));
        time.after(1, () => this.onclose?.({ code: 1006 }));
      }
    };
  }

  /** @typedef {InstanceType<Network["WebSocket"]>} NetworkSocket */

  /** @param {NetworkSocket} socket */
  #opening(socket) {
    const { fate, cutAfter } = this.#weather.connection();
    this.connections += 1;
    this.open.add(socket);
    this.mostOpen = Math.max(this.mostOpen, this.open.size);
    if (fate === "hangs") return;
    this.#time.after(20, () => {
      if (socket.readyState !== 0) return;
      if (fate === "refused") {
        socket.onerror?.({});
        return socket.end();
      }
      socket.readyState = 1;
      socket.heardAt = this.#time.now();
      this.#service.connect(socket, (frame) => this.#toClient(socket, frame));
      socket.onopen?.({});
      if (cutAfter < Infinity) this.#time.after(cutAfter, () => this.cut(socket));
      this.#time.after(LIFETIME, () => this.#strike(socket));
      this.#watchIdle(socket);
    });
  }

  /** @param {NetworkSocket} socket */
  cut(socket) {
    if (socket.readyState !== 1 || this.#weather.calm) return;
    if (this.#weather.ending() === "closed") socket.end();
    else socket.silent = true;
  }

  /** @param {NetworkSocket} socket */
  #strike(socket) {
    if (socket.readyState !== 1) return;
    this.struck += 1;
    socket.end();
  }

  /** @param {NetworkSocket} socket */
  #watchIdle(socket) {
    this.#time.after(socket.heardAt + IDLE - this.#time.now(), () => {
      if (socket.readyState !== 1) return;
      if (this.#time.now() - socket.heardAt >= IDLE) this.#strike(socket);
      else this.#watchIdle(socket);
    });
  }

  /**
   * @param {NetworkSocket} socket
   * @param {string} text
   */
  #toService(socket, text) {
    if (socket.silent) return;
    socket.heardAt = this.#time.now();
    this.#weather.pass(() => {
      if (socket.silent) return;
      const refusal = JSON.parse(text).action === "subscribe" && this.#weather.refusal();
      if (refusal) this.#toClient(socket, refusal);
      else this.#service.message(socket, text);
    });
  }

  /**
   * @param {NetworkSocket} socket
   * @param {unknown} frame
   */
  #toClient(socket, frame) {
    const data = JSON.stringify(frame);
    this.#weather.pass(() => {
      if (socket.readyState === 1 && !socket.silent) socket.onmessage?.({ data });
    });
  }

  /**
   * Good for `GET /boards/{board}/top` alone.
   * @param {string | URL | Request} input
   * @param {RequestInit} [init]
   * @returns {Promise<Response>}
   */
  fetch = (input, init) =>
    new Promise((resolve, reject) => {
      this.requests += 1;
      init?.signal?.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
      const { fate, stale } = this.#weather.request();
      if (fate === "hangs") return;
      const [, name] = /** @type {RegExpMatchArray} */ (String(input).match(/\/boards\/([^/]*)\/top$/));
      const etag = new Headers(init?.headers).get("If-None-Match");
      this.#weatherlessly(() => {
        if (fate === "down") return reject(new TypeError("fetch failed"));
        resolve(respond(fate, etag, this.#read(name, stale)));
      });
    });

  /** @param {() => void} run requests are neither lost nor doubled, but may be slow */
  #weatherlessly(run) {
    const { calm, late, latest } = this.#weather;
    this.#time.after(calm ? 10 : late * latest, run);
  }

  /**
   * @param {string} name
   * @param {boolean} stale from a cache
   */
  #read(name, stale) {
    const now = this.#time.now();
    const cached = this.#cache.get(name);
    if (stale && cached && now - cached.at <= this.#weather.staleFor) return cached.answer;
    const answer = this.#service.top(name);
    this.#cache.set(name, { at: now, answer });
    return answer;
  }
}

/**
 * @param {string} fate
 * @param {string | null} etag
 * @param {ReturnType<Service["top"]>} answer
 */
function respond(fate, etag, answer) {
  if (fate === "garbage") return response(200, new SyntaxError("<html>Please sign in to this network"));
  if (fate === "error") return response(500, { message: "Internal Server Error" });
  if (fate === "throttled") return response(429, { code: "rate_limited", title: "Slow down" }, { "Retry-After": "2" });
  if (etag !== null && etag === answer.etag) return response(304, new SyntaxError("no body"), { ETag: etag });
  return response(answer.status, answer.body, answer.etag ? { ETag: answer.etag } : {});
}

/**
 * What the client reads of a response, there within a few promises and not at the event loop's leisure.
 * @param {number} status
 * @param {unknown} body an error if it is no JSON
 * @param {Record<string, string>} [headers]
 * @returns {Response}
 */
export function response(status, body, headers = {}) {
  const json = async () => {
    if (body instanceof Error) throw body;
    return JSON.parse(JSON.stringify(body));
  };
  return /** @type {any} */ ({ status, ok: status < 300, headers: new Headers(headers), json });
}

/**
 * The model service behind real WebSockets and real HTTP, with real bad weather: every path `/runs/{seed}` is a run of
 * its own. `node test/weather/server.js` serves the browser's page of the suite too, and prints its address.
 */

/** @typedef {import("node:http").ServerResponse} ServerResponse */

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { WebSocketServer } from "ws";
import { Random } from "./random.js";
import { Service } from "./service.js";
import { drawRules, stir } from "./scores.js";
import { realTime } from "./time.js";
import { Weather } from "./weather.js";

/** A minute of weather in a second. */
const SCALE = 1 / 60;
const PACKAGE = new URL("../../", import.meta.url);
const MEDIA_TYPES = /** @type {Record<string, string>} */ ({ js: "text/javascript", html: "text/html" });

class Run {
  /** @type {Map<string, {at: number, answer: ReturnType<Service["top"]>}>} */
  #cache = new Map();

  /** @param {number} seed */
  constructor(seed) {
    const random = new Random(seed);
    const time = realTime;
    this.weather = new Weather({ random, time, scale: SCALE });
    this.service = new Service({ random, time, rules: drawRules(random, SCALE) });
    const until = time.now() + random.between(600, 1_600);
    stir({ random, time, service: this.service, until, scale: SCALE });
    time.after(until - time.now(), () => (this.weather.calm = true));
  }

  /** The records of every board, and whether the run is over. */
  get history() {
    const boards = [...this.service.boards].map(([name, { history }]) => [name, history]);
    return { over: this.weather.calm && this.service.isAtRest, blocked: this.weather.blocked, boards: Object.fromEntries(boards) };
  }

  /** @param {import("ws").WebSocket} socket */
  connect(socket) {
    const { service, weather } = this;
    let silent = false;
    const send = (/** @type {unknown} */ frame) => {
      const text = JSON.stringify(frame);
      weather.pass(() => !silent && socket.readyState === socket.OPEN && socket.send(text));
    };
    service.connect(socket, send);
    socket.on("message", (data) => {
      const text = String(data);
      weather.pass(() => {
        const refusal = JSON.parse(text).action === "subscribe" && weather.refusal();
        if (refusal) send(refusal);
        else if (!silent) service.message(socket, text);
      });
    });
    socket.on("close", () => service.disconnect(socket));
    const { cutAfter } = weather.connection();
    if (cutAfter === Infinity) return;
    realTime.after(cutAfter, () => {
      if (weather.calm) return;
      if (weather.ending() === "silent") silent = true;
      else socket.terminate();
    });
  }

  /**
   * @param {string} board
   * @param {string | undefined} etag
   * @param {ServerResponse} response
   */
  read(board, etag, response) {
    const { fate, stale } = this.weather.request();
    if (fate === "hangs") return;
    if (fate === "down") return void response.destroy();
    if (fate === "garbage") return void response.end("<html>Please sign in to this network");
    if (fate === "error") return reply(response, 500, { message: "Internal Server Error" });
    if (fate === "throttled") return reply(response, 429, { code: "rate_limited", title: "Slow down" });
    const cached = this.#cache.get(board);
    const fresh = !stale || !cached || Date.now() - cached.at > this.weather.staleFor;
    const answer = fresh ? this.service.top(board) : cached.answer;
    if (fresh) this.#cache.set(board, { at: Date.now(), answer });
    if (answer.etag) response.setHeader("ETag", answer.etag);
    if (etag && etag === answer.etag) return void response.writeHead(304).end();
    reply(response, answer.status, answer.body);
  }
}

/**
 * @param {ServerResponse} response
 * @param {number} status
 * @param {unknown} body
 */
function reply(response, status, body) {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}

/**
 * The package's own modules and the page, for a browser.
 * @param {string} path
 * @param {ServerResponse} response
 */
async function serveFile(path, response) {
  const type = MEDIA_TYPES[path.split(".").at(-1) ?? ""];
  try {
    if (!type || !/^\/(src|test)\//.test(path)) throw new RangeError(path);
    const content = await readFile(new URL(`.${path}`, PACKAGE));
    response.writeHead(200, { "Content-Type": `${type}; charset=utf-8` }).end(content);
  } catch {
    response.writeHead(404).end();
  }
}

/**
 * @param {{port?: number}} [where] any free port unless named; on loopback
 * @returns {Promise<{http: string, socket: string, close: () => Promise<void>}>}
 */
export async function startWeather({ port = 0 } = {}) {
  /** @type {Map<string, Run>} */
  const runs = new Map();
  const sockets = new WebSocketServer({ noServer: true });
  /** @type {Set<import("node:stream").Duplex>} upgrades that are never answered */
  const hanging = new Set();

  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const [, seed, rest] = pathname.match(/^\/runs\/(\d+)(?:\/(.*))?$/) ?? [];
    response.setHeader("Access-Control-Allow-Origin", "*");
    response.setHeader("Cache-Control", "public, max-age=1");
    if (seed === undefined) return void serveFile(pathname, response);
    const run = runs.get(seed);
    const board = rest?.match(/^boards\/(.*)\/top$/)?.[1];
    if (request.method === "POST") runs.set(seed, new Run(Number(seed)));
    if (request.method === "POST") return reply(response, 201, {});
    if (run && board) return run.read(board, request.headers["if-none-match"], response);
    response.setHeader("Cache-Control", "no-store");
    reply(response, run ? 200 : 404, run?.history ?? {});
  });

  server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => {});
    const run = runs.get(request.url?.match(/^\/runs\/(\d+)/)?.[1] ?? "");
    const fate = run?.weather.connection().fate ?? "refused";
    socket.on("close", () => hanging.delete(socket));
    if (fate === "hangs") return void hanging.add(socket);
    if (fate === "refused") return void socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    sockets.handleUpgrade(request, socket, head, (opened) => run?.connect(opened));
  });

  await new Promise((resolve) => server.listen(port, "127.0.0.1", () => resolve(undefined)));
  const address = `127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`;
  return {
    http: `http://${address}`,
    socket: `ws://${address}`,
    close: async () => {
      for (const socket of sockets.clients) socket.terminate();
      for (const socket of hanging) socket.destroy();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { http } = await startWeather({ port: Number(process.env.PORT ?? 0) });
  console.log(`${http}/test/weather/page.html`);
}

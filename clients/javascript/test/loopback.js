/** A server on loopback that answers as a test says, for the service and for Cognito. */

import { createServer } from "node:http";

/**
 * What is answered: a status and a body; `cut` breaks the connection, `hang` never answers.
 * @typedef {{status?: number, body?: unknown, text?: string, headers?: Record<string, string>} | "cut" | "hang"} Answer
 */
/** @typedef {{route: string, query: string, headers: import("node:http").IncomingHttpHeaders, body: any}} Heard */
/** @typedef {Answer | ((heard: Heard) => Answer | Promise<Answer>)} Reaction */

const COGNITO = "AWSCognitoIdentityProviderService.";

/** A running server. A route is `GET /boards`, or the name of an operation of Cognito: `SignUp`. */
export class Loopback {
  /** @type {Heard[]} */
  heard = [];
  /** @type {Map<string, Reaction[]>} */
  #reactions = new Map();
  #server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const target = request.headers["x-amz-target"];
    const [path, query = ""] = String(request.url).split("?");
    const route = typeof target === "string" ? target.replace(COGNITO, "") : `${request.method} ${path}`;
    const heard = { route, query, headers: request.headers, body: text ? JSON.parse(text) : undefined };
    this.heard.push(heard);
    const reactions = this.#reactions.get(route) ?? [{ status: 404, body: { message: "Not Found" } }];
    const reaction = reactions.length > 1 ? reactions.shift() : reactions[0];
    const answer = typeof reaction === "function" ? await reaction(heard) : reaction;
    if (answer === "cut") request.socket.destroy();
    else if (answer && answer !== "hang") {
      const { status = 200, body, text: said = body === undefined ? "" : JSON.stringify(body), headers = {} } = answer;
      response.writeHead(status, { "content-type": "application/json", ...headers }).end(said);
    }
  });

  /** Begins to listen. */
  async start() {
    await new Promise((resolve) => this.#server.listen(0, "127.0.0.1", () => resolve(undefined)));
    return this;
  }

  get url() {
    const address = /** @type {import("node:net").AddressInfo} */ (this.#server.address());
    return `http://127.0.0.1:${address.port}`;
  }

  /**
   * Says how a route reacts from now on: one reaction after the other, the last one for ever.
   * @param {string} route
   * @param {...Reaction} reactions
   */
  on(route, ...reactions) {
    this.#reactions.set(route, reactions);
    return this;
  }

  /**
   * What was heard on a route.
   * @param {string} route
   */
  of(route) {
    return this.heard.filter((heard) => heard.route === route);
  }

  /** Ends every connection, and listens no more. */
  stop() {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(resolve));
  }
}

/**
 * A problem as the service writes it.
 * @param {number} status
 * @param {string} code
 * @param {{detail?: string, retryAfter?: number, errors?: {path: string, message: string}[]}} [more]
 * @returns {Answer}
 */
export function problem(status, code, { detail = `It is ${code}.`, retryAfter, errors } = {}) {
  return {
    status,
    headers: { "content-type": "application/problem+json", ...(retryAfter === undefined ? {} : { "retry-after": String(retryAfter) }) },
    body: { type: `urn:leaderboard:problem:${code}`, title: code, status, detail, code, requestId: "request-1", errors },
  };
}

/**
 * An exception as Cognito writes it.
 * @param {string} exception
 * @param {string} [message]
 * @returns {Answer}
 */
export const exception = (exception, message = "No.") => ({ status: 400, body: { __type: `com.amazonaws#${exception}`, message } });

let made = 0;

/**
 * An access token of a player.
 * @param {string} userId
 */
export function tokenOf(userId) {
  made += 1;
  return `header.${Buffer.from(JSON.stringify({ sub: userId, made })).toString("base64url")}.signature`;
}

/**
 * What Cognito answers to a sign-in.
 * @param {string} userId
 * @param {{RefreshToken?: string, ExpiresIn?: number}} [rest]
 * @returns {{status: number, body: any}}
 */
export function signedIn(userId, rest = { RefreshToken: `refresh-${userId}` }) {
  return { status: 200, body: { AuthenticationResult: { AccessToken: tokenOf(userId), ExpiresIn: 3600, TokenType: "Bearer", ...rest } } };
}

/** What a browser's storage does, as far as it is used; several clients that have the same one are tabs of one browser. */
export class FakeStore {
  /** @type {Map<string, string>} */
  #items = new Map();

  get length() {
    return this.#items.size;
  }

  /** @param {number} index */
  key(index) {
    return [...this.#items.keys()][index] ?? null;
  }

  /** @param {string} key */
  getItem(key) {
    return this.#items.get(key) ?? null;
  }

  /**
   * @param {string} key
   * @param {string} value
   */
  setItem(key, value) {
    this.#items.set(key, value);
  }

  /** @param {string} key */
  removeItem(key) {
    this.#items.delete(key);
  }
}

/**
 * Waits until a condition holds.
 * @param {() => boolean} condition
 * @param {string} what
 */
export async function eventually(condition, what) {
  const end = performance.now() + 5_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`Not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

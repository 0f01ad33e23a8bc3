/*
 * Why something failed, and what to do about it. A page loads this module only when a connection or a read has failed.
 *
 * A browser tells a script nothing about a failed connection. So this module asks around: whether the host of the
 * socket answers at all, whether the API does, whether this page may read the answer, and whether the page's own
 * content security policy was in the way.
 */

/** @import { Problem } from "./problems.js" */
/** @import { Reading } from "./top.js" */

export { Diagnosis } from "./diagnosis.js";

/** How long each question may take. A busy machine is slow, and must not look like a service that is down. */
const PROBE_MILLISECONDS = 6_000;

const KEEPS_TRYING = "The client keeps trying.";
const TICKET_FAILED =
  "`fetchTicket` gave no ticket; its error is in `cause`. The client tries again with the next connection. " +
  "Without a ticket, return null: the viewer is then anonymous.";
const SOCKET_FAILED =
  "The WebSocket could not be made; the error is in `cause`. Check that `socket` is a `wss://` address, and that the page's " +
  "Content-Security-Policy allows it (`connect-src`).";

/**
 * `fetchTicket` rejected.
 * @param {unknown} cause
 * @returns {Problem}
 * @internal
 */
export const ticketFailed = (cause) => ({ code: "ticket_failed", message: TICKET_FAILED, cause });

/**
 * The WebSocket could not be made.
 * @param {unknown} cause
 * @returns {Problem}
 * @internal
 */
export const socketFailed = (cause) => ({ code: "socket_failed", message: SOCKET_FAILED, cause });

/**
 * This runtime has no WebSocket, and was given none.
 * @param {boolean} http whether the boards are polled
 * @returns {Problem}
 * @internal
 */
export function missingWebSocket(http) {
  const remedy = 'Use Node.js 22 or newer, or `npm install ws`, `import { WebSocket } from "ws"` and pass it as the option `WebSocket`.';
  const meanwhile = http ? " Until then the boards are polled over HTTP." : "";
  return { code: "websocket_missing", message: `This JavaScript runtime has no WebSocket. ${remedy}${meanwhile}` };
}

/** @returns {Problem} */
function originRefused() {
  const page = "location" in globalThis ? `\`${location.origin}\`, the origin of this page,` : "the page's origin";
  const remedy = `Add it and deploy again (on the local stack: \`python -m local up --origin ${globalThis.location?.origin ?? "ORIGIN"}\`).`;
  return {
    code: "origin_refused",
    message: `The service answers, but this page may not read the answer. The most likely cause: ${page} is not in the stage's \`allowedOrigins\`. ${remedy} If it is there, check that \`http\` and \`socket\` are addresses of this stage. ${KEEPS_TRYING}`,
  };
}

/**
 * @param {string} address
 * @returns {Problem}
 */
function policyBlocked(address) {
  const { origin } = new URL(address);
  const message = `The Content-Security-Policy of this page blocks ${origin}. Add it to the policy's \`connect-src\`. ${KEEPS_TRYING}`;
  return { code: "policy_blocked", message };
}

/**
 * Does something, and says whether the page's content security policy forbade the address meanwhile.
 * @param {string} address
 * @param {() => Promise<unknown>} work
 */
async function isForbidden(address, work) {
  let forbidden = false;
  const { host } = new URL(address);
  const note = (/** @type {{blockedURI?: string}} */ { blockedURI }) => (forbidden ||= blockedURI?.includes(host) ?? false);
  const page = globalThis.document;
  page?.addEventListener("securitypolicyviolation", note);
  await work().catch(() => {});
  // The event is a task of its own.
  if (page) await new Promise((resolve) => setTimeout(resolve, 50));
  page?.removeEventListener("securitypolicyviolation", note);
  return forbidden;
}

/**
 * Whether anybody answers at an address, readable or not.
 * @param {string} url
 * @param {typeof globalThis.fetch} fetch
 * @param {AbortSignal} [signal]
 */
async function answers(url, fetch, signal = AbortSignal.timeout(PROBE_MILLISECONDS)) {
  try {
    await fetch(url, { signal, mode: "no-cors", cache: "no-store", credentials: "omit" });
    return true;
  } catch {
    return false;
  }
}

/**
 * Why a read got no answer. A browser does not say that a page may not read an answer, but whether an answer came to a
 * request that reads nothing.
 * @param {string} url
 * @param {{fetch: typeof globalThis.fetch, signal: AbortSignal, suspect: boolean}} means `suspect`: in a browser that has
 *   read nothing yet
 * @returns {Promise<Reading>}
 * @internal
 */
export async function unreadable(url, { fetch, signal, suspect }) {
  const failure = `${url} could not be reached`;
  if (!suspect) return { failure };
  let answered = false;
  const forbidden = await isForbidden(url, async () => (answered = await answers(url, fetch, signal)));
  if (forbidden) return { problem: policyBlocked(url) };
  return answered ? { problem: originRefused() } : { failure };
}

/**
 * Why a read was refused.
 * @param {Response} response
 * @param {{body: any, board: string, url: string, foreign: boolean}} details `body`: problem details, if the service itself
 *   wrote it; `foreign`: else another site is at the address
 * @returns {Reading}
 * @internal
 */
export function refusal(response, { body, board, url, foreign }) {
  const retryAfter = Number(response.headers.get("Retry-After") ?? 0) * 1000 || 0;
  const { code, detail, title, requestId } = body ?? {};
  if (typeof code !== "string") return { retryAfter, foreign, failure: `${url} answered ${response.status}` };
  return { retryAfter, problem: { code, message: String(detail ?? title ?? code), board, requestId } };
}

/**
 * Why the first connection of a page failed; null if that may have been a moment's trouble.
 * @param {string} socket
 * @param {string | undefined} http
 * @returns {Promise<Problem | null>}
 * @internal
 */
export async function whyNoSocket(socket, http) {
  if (await isForbidden(socket, () => tryOnce(socket))) return policyBlocked(socket);
  const host = socket.replace(/^ws/, "http");
  const [hostAnswers, apiAnswers, readable] = await Promise.all([
    answers(host, fetch),
    http !== undefined && answers(`${http.replace(/\/+$/, "")}/health`, fetch),
    http !== undefined && isReadable(`${http.replace(/\/+$/, "")}/health`),
  ]);
  if (!hostAnswers && !apiAnswers) return null;
  const code = "socket_blocked";
  if (!hostAnswers) return { code, message: `Nothing answers at ${socket}, though ${http} does. Check the address \`socket\`. ${KEEPS_TRYING}` };
  if (readable) {
    return {
      code,
      message: `${socket} answers, but refuses the socket, though this page may read ${http}. Check the path of \`socket\` (on AWS it ends in the stage's name), and whether a proxy blocks WebSockets. ${KEEPS_TRYING}`,
    };
  }
  return http === undefined || apiAnswers ? originRefused() : null;
}

/** @param {string} url */
const isReadable = (url) =>
  fetch(url, { signal: AbortSignal.timeout(PROBE_MILLISECONDS), cache: "no-store", credentials: "omit" }).then(
    () => true,
    () => false,
  );

/** @param {string} socket */
function tryOnce(socket) {
  return new Promise((resolve) => {
    const tried = new WebSocket(socket);
    const end = () => {
      clearTimeout(timer);
      tried.close();
      resolve(null);
    };
    const timer = setTimeout(end, PROBE_MILLISECONDS);
    tried.onopen = tried.onerror = end;
  });
}

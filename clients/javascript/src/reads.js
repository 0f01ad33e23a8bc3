/*
 * Reading boards over HTTP: before the first socket is up, and where sockets are blocked. A page that gives `http` loads
 * this module beside its socket, so that following does not wait for it.
 */

export { Polling } from "./polling.js";
export { topReader } from "./top.js";

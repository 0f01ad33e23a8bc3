export { Polling } from "./polling.js";
export { topReader } from "./top.js";

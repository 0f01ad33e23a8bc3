export type Account = import("./account.js").Account;
export type CallOptions = import("./account.js").CallOptions;
export type TokenFunction = import("./account.js").TokenFunction;
export type ApiEvents = import("./api.js").ApiEvents;
export type ApiOptions = import("./api.js").ApiOptions;
export type Code = import("./errors.js").Code;
export type Action = import("./schemas.js").Action;
export type Board = import("./schemas.js").Board;
export type Entry = import("./schemas.js").Entry;
export type Format = import("./schemas.js").Format;
export type Found = import("./schemas.js").Found;
export type Line = import("./schemas.js").Line;
export type Neighbourhood = import("./schemas.js").Neighbourhood;
export type Outcome = import("./schemas.js").Outcome;
export type OwnScores = import("./schemas.js").OwnScores;
export type Page = import("./schemas.js").Page;
export type Season = import("./schemas.js").Season;
export type Ticket = import("./schemas.js").Ticket;
export type Top = import("./schemas.js").Top;
/**
 * @typedef {import("./account.js").Account} Account
 * @typedef {import("./account.js").CallOptions} CallOptions
 * @typedef {import("./account.js").TokenFunction} TokenFunction
 * @typedef {import("./api.js").ApiEvents} ApiEvents
 * @typedef {import("./api.js").ApiOptions} ApiOptions
 * @typedef {import("./errors.js").Code} Code
 * @typedef {import("./schemas.js").Action} Action
 * @typedef {import("./schemas.js").Board} Board
 * @typedef {import("./schemas.js").Entry} Entry
 * @typedef {import("./schemas.js").Format} Format
 * @typedef {import("./schemas.js").Found} Found
 * @typedef {import("./schemas.js").Line} Line
 * @typedef {import("./schemas.js").Neighbourhood} Neighbourhood
 * @typedef {import("./schemas.js").Outcome} Outcome
 * @typedef {import("./schemas.js").OwnScores} OwnScores
 * @typedef {import("./schemas.js").Page} Page
 * @typedef {import("./schemas.js").Season} Season
 * @typedef {import("./schemas.js").Ticket} Ticket
 * @typedef {import("./schemas.js").Top} Top
 */
import { Api } from "./api.js";
export { Api };
export { LeaderboardError } from "./errors.js";
/**
 * Makes the API's client.
 * @param {import("./api.js").ApiOptions} options TypeError without `http`, with `cognito` but no `webClientId`, and with both `cognito` and
 *   `token`
 * @returns {Api}
 */
export declare function createApi(options: import("./api.js").ApiOptions): Api;

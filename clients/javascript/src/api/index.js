/*
 * The whole HTTP API of a leaderboard, for visitors and players: boards, rankings, accounts, and actions that count once.
 */

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
export function createApi(options) {
  if (!options?.http) throw new TypeError("createApi needs `http`, the API's URL");
  if ((options.cognito === undefined) !== (options.webClientId === undefined)) {
    throw new TypeError("createApi needs `cognito` and `webClientId` together");
  }
  if (options.cognito !== undefined && options.token) throw new TypeError("createApi takes `cognito` or `token`, not both");
  return new Api(options);
}

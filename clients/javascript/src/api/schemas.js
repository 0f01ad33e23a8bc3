/*
 * What the HTTP API takes and answers. `npm run schemas` writes this file from the API's reference, docs/openapi.json.
 */

/**
 * What completing an action is worth, and when its ticket is good.
 * @typedef {object} Action
 * @property {number | JudgedPoints} points
 * @property {boolean} evidence Whether the action is completed with evidence, which is judged
 * @property {number} minSeconds
 * @property {number} expiresSeconds
 */

/**
 * A board's rules; a pattern is listed with its `*` and stands for every id that it matches.
 * @typedef {object} Board
 * @property {string} board
 * @property {string} title
 * @property {"desc" | "asc"} order
 * @property {"increment" | "best" | "latest"} operator
 * @property {number} topSize
 * @property {Season} season The current one
 * @property {"never" | "daily" | "weekly" | "monthly"} schedule
 * @property {string[]} seasons The current one and the past ones kept, newest first
 * @property {Record<string, Action>} actions
 * @property {Format} format How people read a score
 * @property {number} frameIntervalMs Milliseconds between updates over the socket, at present
 * @property {number | null} viewers How many followed the board at its last update; null: not known
 */

/**
 * The list of boards.
 * @typedef {object} Boards
 * @property {Board[]} boards
 */

/**
 * A user's line on a board. `scoreUpdatedAt` is when this score was reached: it moves only when the score does.
 * @typedef {object} Entry
 * @property {number | null} rank The position in the board's order: 1, 2, 3, 4
 * @property {number | null} place Shared by equal scores: 1, 2, 2, 4
 * @property {string} userId
 * @property {string} userName
 * @property {number} userScore
 * @property {string} scoreUpdatedAt RFC 3339, UTC, with milliseconds
 */

/**
 * A value of the request that was refused, and why.
 * @typedef {object} ErrorPlace
 * @property {string} path Where in the request
 * @property {string} message
 */

/**
 * `duration`: the score is milliseconds.
 * @typedef {object} Format
 * @property {"number" | "duration" | "percent"} kind
 * @property {number} [decimals]
 * @property {string} [unit]
 */

/**
 * Those asked for, among themselves.
 * @typedef {object} Found
 * @property {string} board
 * @property {true} [degraded] Only there if the answer is from the tables, since the ranking is away
 * @property {string} season `all`, or by the board's schedule `2026-11-23`, `2026-W48`, `2026-11`
 * @property {Entry[]} entries In board order; `rank` and `place` are those on the whole board
 * @property {string[]} unranked Who has no entry, in the order asked for, each once
 */

/**
 * That the API answers.
 * @typedef {object} Health
 * @property {"ok"} status
 */

/**
 * A page of the lines that explain a user's score.
 * @typedef {object} History
 * @property {string} board
 * @property {string} season `all`, or by the board's schedule `2026-11-23`, `2026-W48`, `2026-11`
 * @property {Line[]} lines Newest first
 * @property {string | null} nextCursor To be sent as `cursor` for older lines; null at the end
 */

/**
 * Points that the service computes from the player's evidence: from `min` to `max`.
 * @typedef {object} JudgedPoints
 * @property {number} min
 * @property {number} max
 */

/**
 * One accepted write of a user's score.
 * @typedef {object} Line
 * @property {string} at RFC 3339, UTC, with milliseconds
 * @property {number | null} userScore The score after it; null: the score was removed
 * @property {number} delta What the write added: the score after it less the score before it. No score counts as 0
 * @property {number | null} rank The rank that the write brought; null where a later write overtook it, and where the ranking
 *   could not say it in time
 * @property {"action" | "trusted_write" | "removal"} cause Who made it: a player, a game server, or who took the score away
 */

/**
 * A user's display name.
 * @typedef {object} Name
 * @property {string} userId
 * @property {string} userName
 */

/**
 * A display name.
 * @typedef {object} NameRequest
 * @property {string} userName 1 to 32 characters after NFC, trimming and folding of spaces, none of them control or direction
 *   characters; invisible ones only where emoji and scripts need them
 */

/**
 * A user's entry, and who stands around it.
 * @typedef {object} Neighbourhood
 * @property {string} board
 * @property {true} [degraded] Only there if the answer is from the tables, since the ranking is away
 * @property {string} season `all`, or by the board's schedule `2026-11-23`, `2026-W48`, `2026-11`
 * @property {Entry} entry
 * @property {number} total How many users are ranked, at least
 * @property {number | null} percentile 100 × (total − place + 1) / total: the share of the ranked users that stand at this
 *   place or below it. Not rounded; the first place alone has 100
 * @property {Entry[]} around The user and up to `around` on each side, in board order
 */

/**
 * The result of a write.
 * @typedef {object} Outcome
 * @property {ScoreEntry | null} entry The score after the write; null while the player has none
 * @property {boolean} changed Whether the score moved
 * @property {boolean} replayed Whether this is the first answer again: nothing was written now
 */

/**
 * One of a player's own scores.
 * @typedef {object} OwnScore
 * @property {string} board
 * @property {string} season `all`, or by the board's schedule `2026-11-23`, `2026-W48`, `2026-11`
 * @property {number} userScore
 * @property {string} scoreUpdatedAt RFC 3339, UTC, with milliseconds
 */

/**
 * A player's own scores.
 * @typedef {object} OwnScores
 * @property {string} userId
 * @property {string} userName
 * @property {OwnScore[]} scores Current seasons first
 */

/**
 * Entries one after the other.
 * @typedef {object} Page
 * @property {string} board
 * @property {true} [degraded] Only there if the answer is from the tables, since the ranking is away
 * @property {string} season `all`, or by the board's schedule `2026-11-23`, `2026-W48`, `2026-11`
 * @property {Entry[]} entries
 * @property {number} total How many users are ranked, at least
 * @property {string | null} nextCursor To be sent as `cursor` for what follows; null at the end
 */

/**
 * The service's error, `application/problem+json` (RFC 9457).
 * @typedef {object} Problem
 * @property {string} type `urn:leaderboard:problem:` and the code
 * @property {string} title
 * @property {number} status
 * @property {string} detail For people: what to do next
 * @property {string} code Stable; programs go by it
 * @property {string} requestId
 * @property {ErrorPlace[]} [errors] With the code `invalid`
 */

/**
 * A user's score after a write.
 * @typedef {object} ScoreEntry
 * @property {string} userId
 * @property {string} userName
 * @property {number} userScore
 * @property {string} scoreUpdatedAt RFC 3339, UTC, with milliseconds
 */

/**
 * The ticket of an action, and what the player did.
 * @typedef {object} ScoreRequest
 * @property {string} ticket
 * @property {unknown} [evidence] What the player did, for actions whose points are judged
 */

/**
 * A time window of a board, in UTC.
 * @typedef {object} Season
 * @property {string} season `all`, or by the board's schedule `2026-11-23`, `2026-W48`, `2026-11`
 * @property {string | null} startsAt RFC 3339, UTC, with milliseconds
 * @property {string | null} endsAt The first instant that is not in it
 */

/**
 * A signed permission to open one authenticated socket, for 60 seconds.
 * @typedef {object} SocketTicket
 * @property {string} ticket Opaque; goes into the socket's URL as `?ticket=`
 * @property {string} expiresAt RFC 3339, UTC, with milliseconds
 */

/**
 * A signed permission to complete one action once.
 * @typedef {object} Ticket
 * @property {string} ticket Opaque; send it back as it is
 * @property {string} action
 * @property {number | JudgedPoints} points
 * @property {unknown} [challenge] What the game asks; only there if the action has a challenge
 * @property {string} notBefore RFC 3339, UTC, with milliseconds
 * @property {string} expiresAt RFC 3339, UTC, with milliseconds
 */

/**
 * The action to begin.
 * @typedef {object} TicketRequest
 * @property {string} action One of the board's
 */

/**
 * The first entries of a board.
 * @typedef {object} Top
 * @property {string} board
 * @property {true} [degraded] Only there if the answer is from the tables, since the ranking is away
 * @property {string} season `all`, or by the board's schedule `2026-11-23`, `2026-W48`, `2026-11`
 * @property {string | null} epoch Names the counter of versions; null before the first, and past topSize
 * @property {number | null} version Moves by 1 with each recorded change; null past topSize
 * @property {number} total How many users are ranked, at least
 * @property {string | null} since The midnight (UTC) that `was` is of; null if unknown, and past topSize
 * @property {TopEntry[]} entries
 * @property {string | null} endsAt When the season ends
 */

/**
 * A user's line in a board's top. `was` is the rank in the top at `since`, null if the user was not in it.
 * @typedef {object} TopEntry
 * @property {number | null} rank The position in the board's order: 1, 2, 3, 4
 * @property {number | null} place Shared by equal scores: 1, 2, 2, 4
 * @property {string} userId
 * @property {string} userName
 * @property {number} userScore
 * @property {string} scoreUpdatedAt RFC 3339, UTC, with milliseconds
 * @property {number | null} was The position in the board's order: 1, 2, 3, 4
 */

/**
 * Users whose names begin so.
 * @typedef {object} Users
 * @property {Name[]} users In the order of their names
 */

/**
 * The users to rank among themselves.
 * @typedef {object} UsersRequest
 * @property {string[]} userIds Doubles count once
 */

/**
 * What the service refuses with.
 * @typedef {"action_not_found" | "barred" | "board_limit" | "board_not_found" | "body_too_large" | "edge_required" | "internal"
 *   | "invalid" | "judge_failed" | "rate_limited" | "score_limit" | "sign_in_again" | "ticket_expired" | "ticket_invalid"
 *   | "ticket_superseded" | "ticket_too_early" | "unavailable" | "unreadable" | "user_not_ranked"} ServiceCode
 */

/**
 * Every route with what it takes and answers.
 * @typedef {{
 *   readonly "GET /boards": {path: {}, query: {}, body: undefined, answer: Boards},
 *   readonly "GET /boards/{board}/top": {path: {board: string}, query: {limit?: number, season?: string}, body: undefined, answer: Top},
 *   readonly "GET /boards/{board}/entries": {path: {board: string}, query: {cursor?: string, limit?: number, season?: string}, body: undefined, answer: Page},
 *   readonly "POST /boards/{board}/entries/query": {path: {board: string}, query: {season?: string}, body: UsersRequest, answer: Found},
 *   readonly "GET /boards/{board}/users/{userId}": {path: {board: string, userId: string}, query: {around?: number, season?: string}, body: undefined, answer: Neighbourhood},
 *   readonly "GET /boards/{board}/users/{userId}/history": {path: {board: string, userId: string}, query: {cursor?: string, limit?: number, season?: string}, body: undefined, answer: History},
 *   readonly "GET /users": {path: {}, query: {name: string, limit?: number}, body: undefined, answer: Users},
 *   readonly "GET /health": {path: {}, query: {}, body: undefined, answer: Health},
 *   readonly "POST /boards/{board}/tickets": {path: {board: string}, query: {}, body: TicketRequest, answer: Ticket},
 *   readonly "POST /boards/{board}/scores": {path: {board: string}, query: {}, body: ScoreRequest, answer: Outcome},
 *   readonly "GET /me/scores": {path: {}, query: {}, body: undefined, answer: OwnScores},
 *   readonly "PUT /me": {path: {}, query: {}, body: NameRequest, answer: Name},
 *   readonly "DELETE /me": {path: {}, query: {}, body: undefined, answer: undefined},
 *   readonly "POST /socket-tickets": {path: {}, query: {}, body: undefined, answer: SocketTicket},
 * }} Routes
 */

export {};

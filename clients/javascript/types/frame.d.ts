export type Entry = {
    /**
     * position in the board's order: 1, 2, 3, …; null where it is not known yet
     */
    rank: number | null;
    /**
     * competition rank: 1, 2, 2, 4
     */
    place: number | null;
    userId: string;
    /**
     * text, never markup
     */
    userName: string;
    userScore: number;
    /**
     * when the user reached this score
     */
    scoreUpdatedAt: string;
    /**
     * in a top: its rank at the top's `since`, null if it was not in the top then
     */
    was?: number | null;
};
export type Place = {
    season: string;
    epoch: string | null;
    version: number;
};
export type Top = {
    board: string;
    total: number;
    endsAt: string | null;
    since?: string | null;
    entries: Entry[];
    publishedAt?: string;
};
export type Snapshot = {
    type: "snapshot";
} & Place & Top;
export type Update = {
    type: "update";
    board: string;
    season: string;
    epoch: string;
    from: number;
    version: number;
    total: number;
    upsert: Entry[];
    remove: string[];
    since?: string | null;
    scoredAt?: string | null;
    publishedAt?: string;
};
export type Current = {
    type: "current";
    board: string;
} & Place;
export type Unsubscribed = {
    type: "unsubscribed";
    board: string;
};
export type Pong = {
    type: "pong";
    serverTime: number;
    boards: Map<string, Place>;
};
export type Refusal = {
    type: "error";
    code: string;
    message: string;
    requestId?: string;
    board?: string;
};
export type Frame = Snapshot | Update | Current | Unsubscribed | Pong | Refusal;

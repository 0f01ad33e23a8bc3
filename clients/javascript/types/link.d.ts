import type { Place } from "./frame.js";
export type BoardState = {
    behind: boolean;
    held: Place | null;
};
export type Ask = {
    state: "due" | "sent" | "settled" | "refused";
    known: boolean;
    at: number;
    askedAt: number;
    attempt: number;
};
export type Message = {
    action: "subscribe";
    board: string;
    have?: {
        epoch: string;
        version: number;
    };
} | {
    action: "unsubscribe";
    board: string;
} | {
    action: "ping";
};

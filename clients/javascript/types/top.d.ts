import type { Snapshot } from "./frame.js";
import type { Problem } from "./problems.js";
export type Reading = {
    top: Snapshot;
} | {
    problem?: Problem;
    retryAfter?: number;
    failure?: string;
    foreign?: boolean;
};

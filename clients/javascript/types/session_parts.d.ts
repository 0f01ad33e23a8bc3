import type { Timing } from "./timing.js";
export type Means = {
    timing: Timing;
    random: () => number;
    sockets: boolean;
};

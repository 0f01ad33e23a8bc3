import type { ScoreFormat } from "./format.js";
import type { Order } from "./element_story.js";
export type Rules = {
    board: string;
    order: Order;
    format: ScoreFormat;
};

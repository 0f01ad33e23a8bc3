import type { Board, Changes } from "./board.js";
export type Listener = (board: Board, changes: Changes) => void;
export type Subscriber = {
    onChange: Listener;
    hasBoard: boolean;
};

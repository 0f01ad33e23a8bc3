export type Order = "asc" | "desc";
export type Move = {
    kind: "entered" | "leads" | "tied";
} | {
    kind: "up" | "down";
    by: number;
};
export type Story = {
    move: Move | null;
    score: {
        kind: "gained" | "lost";
        by: number;
    } | null;
    renamed: boolean;
};

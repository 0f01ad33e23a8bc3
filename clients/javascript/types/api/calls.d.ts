import type { Routes } from "./schemas.js";
export type Parts<R extends keyof Routes> = {
    path: Routes[R]["path"];
    query?: Routes[R]["query"];
    body?: Routes[R]["body"];
    signal?: AbortSignal | null;
    keepalive?: boolean;
};

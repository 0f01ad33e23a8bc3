export type Request = {
    url: string;
    method?: string;
    headers?: Record<string, string>;
    /**
     * is sent as JSON
     */
    body?: unknown;
    /**
     * lets the request outlive the page
     */
    keepalive?: boolean;
    signal?: AbortSignal | null;
};

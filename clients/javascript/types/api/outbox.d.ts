export type Completion = {
    board: string;
    ticket: string;
    evidence?: unknown;
    /**
     * whose action it is
     */
    userId: string | null;
    action?: string;
    /**
     * from when the ticket is good by the service's clock, in milliseconds since 1970; 0 if unknown
     */
    readyAt: number;
    /**
     * for how long it is good, in milliseconds
     */
    life: number;
};
export type Locks = {
    request: (name: string, options: {
        signal: AbortSignal;
    }, work: () => Promise<any>) => Promise<any>;
};
/**
 * When a ticket is good.
 * @param {{notBefore?: string, expiresAt?: string}} times
 */
export declare function spanOf({ notBefore, expiresAt }: {
    notBefore?: string;
    expiresAt?: string;
}): {
    readyAt: number;
    life: number;
};

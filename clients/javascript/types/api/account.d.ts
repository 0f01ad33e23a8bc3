export type TokenFunction = (options: {
    renew: boolean;
}) => string | null | undefined | Promise<string | null | undefined>;
export type CallOptions = {
    signal?: AbortSignal | null;
};
/** @typedef {(options: {renew: boolean}) => string | null | undefined | Promise<string | null | undefined>} TokenFunction */
/** @typedef {{signal?: AbortSignal | null}} CallOptions */
/** The player's account. A method rejects with a `LeaderboardError`. */
export declare class Account {
    #private;
    /** The player's id; null if nobody is signed in. A token function's is known after its first token. */
    get userId(): string | null;
    /**
     * Makes an account, which is to be confirmed with the code that is sent.
     * @param {string} email
     * @param {string} password
     * @param {CallOptions} [options]
     */
    signUp(email: string, password: string, options?: CallOptions): Promise<void>;
    /**
     * Confirms an account with the code that was sent.
     * @param {string} email
     * @param {string} code
     * @param {CallOptions} [options]
     */
    confirm(email: string, code: string, options?: CallOptions): Promise<void>;
    /**
     * Sends a new code to confirm an account with.
     * @param {string} email
     * @param {CallOptions} [options]
     */
    resend(email: string, options?: CallOptions): Promise<void>;
    /**
     * Signs in.
     * @param {string} email
     * @param {string} password
     * @param {CallOptions & {userId?: string}} [options] `userId`: only this player; for somebody else it rejects with
     *   `another_player`, and nothing changes
     * @returns {Promise<{userId: string}>}
     */
    signIn(email: string, password: string, { userId, ...options }?: CallOptions & {
        userId?: string;
    }): Promise<{
        userId: string;
    }>;
    /** Signs out here, and ends the session at Cognito. It never rejects: the player is signed out here in any case. */
    signOut(): Promise<void>;
    /**
     * Sends a code to set a new password with.
     * @param {string} email
     * @param {CallOptions} [options]
     */
    forgotPassword(email: string, options?: CallOptions): Promise<void>;
    /**
     * Sets a new password with the code that was sent. Sign in with it afterwards.
     * @param {string} email
     * @param {string} code
     * @param {string} password
     * @param {CallOptions} [options]
     */
    resetPassword(email: string, code: string, password: string, options?: CallOptions): Promise<void>;
    /**
     * A valid access token. Rejects with `sign_in_required` if nobody is signed in, and with `session_ended` if the session cannot be
     * renewed any more.
     * @param {{renew?: boolean}} [options] `renew`: get a new one although the old one has not ended
     * @returns {Promise<string>}
     */
    token({ renew }?: {
        renew?: boolean;
    }): Promise<string>;
}

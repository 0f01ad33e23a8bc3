export type Session = {
    userId: string;
    accessToken: string;
    refreshToken: string;
    expiresAt: number;
};

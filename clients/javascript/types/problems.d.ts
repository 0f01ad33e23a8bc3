export type Problem = {
    code: string;
    message: string;
    board?: string;
    requestId?: string;
    cause?: unknown;
};

export type Page = {
    document?: (EventTarget & {
        visibilityState: string;
    }) | undefined;
    window?: EventTarget | undefined;
    navigator?: {
        onLine?: boolean;
    } | undefined;
};

/** @type {{reads?: typeof import("./reads.js"), remedies?: typeof import("./remedies.js")}} */
export declare const loaded: {
    reads?: typeof import("./reads.js");
    remedies?: typeof import("./remedies.js");
};

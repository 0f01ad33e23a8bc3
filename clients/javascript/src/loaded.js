/*
 * The parts of the client that a page loads when it needs them, so that following alone stays small. A client that is made
 * later has at once what an earlier one has loaded.
 */

/** @type {{reads?: typeof import("./reads.js"), remedies?: typeof import("./remedies.js")}} */
export const loaded = {};

/** Loads what reads over HTTP: a page with `http` needs it. @internal */
export const loadReads = async () => (loaded.reads ??= await import("./reads.js"));

/** Loads what says why something failed; nothing where even that fails. @internal */
export const loadRemedies = async () => (loaded.remedies ??= await import("./remedies.js").catch(() => undefined));

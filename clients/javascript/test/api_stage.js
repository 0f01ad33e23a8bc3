/** A client of the API for tests, with a server on loopback that plays the service and Cognito. */

import { createApi } from "../src/api/index.js";
import { Loopback } from "./loopback.js";

/** @typedef {import("../src/api/index.js").ApiOptions} ApiOptions */
/** @typedef {import("../src/api/index.js").Api} Api */

/** Short waits: the tests look at the order of things. */
export const quick = { retryBase: 1, retryCap: 5, timeout: 60_000, earliness: 0, allowance: 0, tabDelay: 0 };

/**
 * Runs a test with a server and clients, which end with it.
 * @param {(stage: {service: Loopback, open: (options?: Partial<ApiOptions>) => Api}) => Promise<void>} work `open` makes a client; it uses
 *   Cognito unless it is given a token function
 * @returns {() => Promise<void>}
 */
export function withService(work) {
  return async () => {
    const service = await new Loopback().start();
    /** @type {Api[]} */
    const apis = [];
    const open = (/** @type {Partial<ApiOptions>} */ options = {}) => {
      const account = options.token ? {} : { cognito: `${service.url}/`, webClientId: "web" };
      const api = createApi({ http: service.url, ...account, storage: null, ...options, timing: { ...quick, ...options.timing } });
      apis.push(api);
      return api;
    };
    try {
      await work({ service, open });
    } finally {
      for (const api of apis) api.close();
      await service.stop();
    }
  };
}

/**
 * An error of the API with these members.
 * @param {Record<string, unknown>} expected
 */
export function failing(expected) {
  return (/** @type {any} */ error) => {
    for (const [name, value] of Object.entries(expected)) {
      if (JSON.stringify(error[name]) !== JSON.stringify(value)) throw new Error(`${name} is ${JSON.stringify(error[name])}`, { cause: error });
    }
    return error.name === "LeaderboardError";
  };
}

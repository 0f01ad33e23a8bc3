/*
 * What `import "leaderboard-client/element"` adds to the types of a page, and to React's. Written by hand: JavaScript
 * sources cannot say it.
 */

import type { LiveLeaderboard } from "./element.js";

export * from "./element.js";

/** The attributes of `<live-leaderboard>`. One without a value is there or not: leave it out instead of giving `false`. */
export interface LiveLeaderboardAttributes {
  board?: string;
  http?: string;
  socket?: string;
  label?: string;
  format?: "number" | "duration" | "percent";
  decimals?: number | string;
  unit?: string;
  order?: "asc" | "desc";
  own?: string;
  bars?: true | "";
  quiet?: true | "";
  /** React 18 knows the class of an element of its own by this name only. */
  class?: string;
}

declare global {
  interface HTMLElementTagNameMap {
    "live-leaderboard": LiveLeaderboard;
  }
}

// @ts-ignore A page without React has no such module.
declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      // @ts-ignore
      "live-leaderboard": LiveLeaderboardAttributes & import("react").DetailedHTMLProps<import("react").HTMLAttributes<LiveLeaderboard>, LiveLeaderboard>;
    }
  }
}

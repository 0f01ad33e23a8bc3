/**
 * The code that brings a viewer's phone to the page.
 */

import { make } from "../elements.js";
import { text } from "../texts/index.js";
import { qrCode } from "./qr_code.js";

const SVG = "http://www.w3.org/2000/svg";
/** The light modules that the standard wants around a code. */
const QUIET = 4;

/**
 * The code, with the address in words.
 * @param {string | undefined} board the one that the phone will show
 */
export function joinCode(board) {
  const address = new URL("./", location.href);
  if (board) address.searchParams.set("board", board);
  const picture = draw(qrCode(address.href));
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", text("wall.code", { address: address.href }));
  const readable = `${address.host}${address.pathname.replace(/\/$/, "")}`;
  return make("section", { class: "join", "aria-label": text("wall.join") }, picture, make("p", {}, make("strong", {}, text("wall.join")), make("span", {}, readable)));
}

/** @param {boolean[][]} rows */
function draw(rows) {
  const picture = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  const size = rows.length + 2 * QUIET;
  picture.setAttribute("viewBox", `0 0 ${size} ${size}`);
  picture.setAttribute("shape-rendering", "crispEdges");
  path.setAttribute("d", rows.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x + QUIET} ${y + QUIET}h1v1h-1z` : ""))).join(""));
  picture.append(path);
  return picture;
}

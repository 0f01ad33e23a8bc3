/**
 * Where the page begins: in the viewer's language, with the view that the address asks for. The others are not loaded.
 */

import { text, translate } from "./texts/index.js";

const asked = new URLSearchParams(location.search);
translate(document);
document.title = text("page.title");
// Within another page there is only the board: nobody signs in where a click may be led astray.
const isFramed = window.top !== window;
if (isFramed || asked.get("embed") === "1") {
  document.body.replaceChildren();
  await import("./embed/embed.js");
} else if (asked.get("view") === "wall") {
  document.body.replaceChildren();
  await import("./wall/wall.js");
} else await import("./page.js");

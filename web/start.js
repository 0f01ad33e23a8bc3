/**
 * Where the page begins: in the viewer's language, with the view that the address asks for. The others are not loaded.
 */

import { text, translate } from "./texts/index.js";

const asked = new URLSearchParams(location.search);
translate(document);
document.title = text("page.title");
if (asked.get("view") === "wall") {
  document.body.replaceChildren();
  await import("./wall/wall.js");
} else await import("./page.js");

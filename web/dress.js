/**
 * The style of a view that is not the page.
 */

import { make } from "./elements.js";

/**
 * Loads a view's own style beside the page's, and resolves when it is there, so that nothing is drawn without it.
 * @param {string} address of the style
 * @param {string} name a class of the document, by which the style knows that it is meant
 * @returns {Promise<unknown>}
 */
export function dress(address, name) {
  const link = make("link", { rel: "stylesheet", href: address });
  const loaded = new Promise((resolve) => {
    link.addEventListener("load", resolve);
    // A view that looks plain is better than none.
    link.addEventListener("error", resolve);
  });
  document.head.append(link);
  document.documentElement.classList.add(name);
  return loaded;
}

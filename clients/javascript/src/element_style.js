/*
 * How `<live-leaderboard>` looks. A page changes it by custom properties and by `::part()`.
 */

const CSS = `
:host { display: block; contain: content; color: var(--leaderboard-color, inherit); font: var(--leaderboard-font, inherit);
  background: var(--leaderboard-background, transparent); }
:host([hidden]) { display: none; }
.frame { overflow: auto; max-block-size: var(--leaderboard-height, none); }
.frame:focus-visible { outline: 2px solid var(--leaderboard-accent, Highlight); outline-offset: 2px; }
table { inline-size: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: start; font-weight: 600; padding-block-end: var(--leaderboard-gap, 0.5em); }
th, td { padding: var(--leaderboard-padding, 0.35rem 0.5rem); text-align: start; font-weight: inherit; }
thead th { color: var(--leaderboard-muted, color-mix(in srgb, currentColor 65%, transparent)); font-size: 0.85em; }
tbody tr { border-block-start: 1px solid var(--leaderboard-line, color-mix(in srgb, currentColor 15%, transparent)); }
.place { inline-size: 3ch; color: var(--leaderboard-muted, color-mix(in srgb, currentColor 65%, transparent)); }
.name { max-inline-size: 0; inline-size: 100%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
th.score, td.score { text-align: end; white-space: nowrap; }
.note, .total { margin: 0; padding-block-start: var(--leaderboard-gap, 0.5em); font-size: 0.85em;
  color: var(--leaderboard-muted, color-mix(in srgb, currentColor 65%, transparent)); }
.note:empty, .total:empty { display: none; }
.spoken { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
`;

/** @type {CSSStyleSheet | undefined} */
let sheet;

/**
 * The style of every element. It is made in script, which a strict content security policy allows.
 * @returns {CSSStyleSheet}
 * @internal
 */
export function styleSheet() {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
  }
  return sheet;
}

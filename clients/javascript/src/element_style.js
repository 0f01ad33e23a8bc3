/*
 * How `<live-leaderboard>` looks. A page changes it by custom properties and by `::part()`.
 */

const CSS = `
:host { display: block; contain: content; color: var(--leaderboard-color, inherit); font: var(--leaderboard-font, inherit);
  background: var(--leaderboard-background, transparent);
  --_muted: var(--leaderboard-muted, color-mix(in srgb, currentColor 70%, transparent));
  --_line: var(--leaderboard-line, color-mix(in srgb, currentColor 15%, transparent));
  --_accent: var(--leaderboard-accent, Highlight);
  --_better: var(--leaderboard-better, light-dark(#0b6e45, #5fd6a0)); --_worse: var(--leaderboard-worse, light-dark(#b3231b, #ff938a));
  --_pad: var(--leaderboard-padding, 0.35rem 0.5rem); }
:host([hidden]), [hidden] { display: none !important; }
*, ::before, ::after { box-sizing: border-box; }
.frame { overflow: auto; max-block-size: var(--leaderboard-height, none); }
.frame:focus-visible { outline: 2px solid var(--_accent); outline-offset: -2px; }
.stage { position: relative; overflow: clip; }
table, caption, thead, tbody { display: block; }
caption { text-align: start; font-weight: 600; padding-block-end: var(--leaderboard-gap, 0.5em); }
.row, .headings { position: relative; display: grid; grid-template-columns: var(--leaderboard-columns, 2.5em minmax(0, 1fr) auto);
  column-gap: var(--leaderboard-column-gap, 0.5em); align-items: center; }
.row { block-size: var(--leaderboard-row, 2.5em); background: var(--leaderboard-row-background, transparent); isolation: isolate; content-visibility: auto;
  font-variant-numeric: tabular-nums; }
th, td { display: flex; align-items: center; gap: 0.5em; min-inline-size: 0; padding: var(--_pad); text-align: start; font-weight: inherit; }
thead th { color: var(--_muted); font-size: 0.85em; }
.row + .row, thead + tbody > .row:first-child { border-block-start: 1px solid var(--_line); }
.row > .place { justify-content: center; color: var(--_muted); }
.name { flex-wrap: wrap; column-gap: 0.5em; row-gap: 0; overflow: hidden; }
.name > bdi { overflow: hidden; max-inline-size: 100%; min-inline-size: 0; flex: 0 1 auto; text-overflow: ellipsis; white-space: nowrap; max-block-size: 1.45em; }
.medal { display: grid; place-items: center; min-inline-size: 1.9em; block-size: 1.9em; padding: 0 0.25em; border-radius: 2em; font-weight: 600; }
.row:is([data-place="1"], [data-place="2"], [data-place="3"]) .medal { color: #2b2205; font-weight: 750; }
.row[data-place="1"] .medal { background: var(--leaderboard-gold, linear-gradient(150deg, #ffe08a, #e8ad21)); }
.row[data-place="2"] .medal { background: var(--leaderboard-silver, linear-gradient(150deg, #f1f3f7, #bfc5d0)); }
.row[data-place="3"] .medal { background: var(--leaderboard-bronze, linear-gradient(150deg, #f5cfa6, #cf8a4c)); }
.row[data-place="1"] :is(bdi, .points) { font-weight: 750; }
.points { font-weight: 650; }
th.score, td.score { justify-content: end; white-space: nowrap; }
[part~="barred"] > .row::before { content: ""; position: absolute; inset: 0; z-index: -1;
  background: var(--leaderboard-bar, color-mix(in srgb, currentColor 8%, transparent)); transform: scaleX(var(--share, 0)); transform-origin: left;
}
[part~="barred"] > .seen::before { transition: transform 0.6s cubic-bezier(0.22, 1, 0.36, 1); }
:host(:dir(rtl)) .row::before { transform-origin: right !important; }
.rescaled .row::before { transition: none !important; }
.row::after { content: ""; position: absolute; inset: 0; z-index: -1; opacity: 0; pointer-events: none; }
.row[data-light]::after { background: var(--leaderboard-light, color-mix(in srgb, var(--_accent) 30%, transparent)); }
.row[data-light="lost"]::after { background: color-mix(in srgb, var(--_worse) 22%, transparent); }
.row[data-light="leads"]::after { background: var(--leaderboard-leads, linear-gradient(90deg, #e8ad2199, #e8ad2122)); }
.seen { content-visibility: visible; }
.climbing { z-index: 1; }
[part~="own"] { box-shadow: inset 0.25em 0 0 var(--_accent); }
[part~="own"]::after { inset-inline-start: 0.25em; }
:host(:dir(rtl)) [part~="own"] { box-shadow: inset -0.25em 0 0 var(--_accent); }
.you { flex: none; padding: 0.05em 0.5em; border-radius: 0.4em; background: var(--_accent); color: var(--leaderboard-on-accent, HighlightText);
  font-size: 0.75em; font-weight: 650; }
[part~="own"] > .name > bdi { max-inline-size: calc(100% - 3.5em); }
.distance { flex-basis: 100%; overflow: hidden; color: var(--_muted); font-size: 0.75em; line-height: 1.2; text-overflow: ellipsis; white-space: nowrap; }
.distance:empty { display: none; }
.move, .gain { flex: none; font-size: 0.8em; font-weight: 650; white-space: nowrap; }
.move { order: 1; } .you { order: 0; } .distance { order: 2; }
.move:not([data-note]), .gain:not([data-note]) { display: none; }
.move::before, .gain::before { content: attr(data-note); }
[data-kind="up"], [data-kind="gained"] { color: var(--_better); }
[data-kind="lost"] { color: var(--_worse); }
[data-kind="down"] { color: var(--_muted); }
[data-kind="entered"], [data-kind="tied"], [data-kind="renamed"] { padding: 0 0.5em; border-radius: 0.4em;
  background: var(--leaderboard-tint, color-mix(in srgb, var(--_accent) 20%, transparent)); color: inherit; }
[data-kind="leads"] { padding: 0 0.5em; border-radius: 0.4em; background: var(--leaderboard-gold, #e8ad21); color: #2b2205; }
.ghosts { position: absolute; inset: 0; pointer-events: none; }
.ghost { position: absolute; inset-block-start: var(--top); inset-inline: 0; }
[part~="waiting"] { min-block-size: calc(var(--leaderboard-row, 2.5em) * var(--leaderboard-rows, 3)); }
.note, .total { margin: 0; padding-block-start: var(--leaderboard-gap, 0.5em); font-size: 0.85em; color: var(--_muted); }
.note:empty, .total:empty { display: none; }
.spoken { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (prefers-reduced-motion: reduce) { .row::before { transition: none !important; } }
@media (forced-colors: active) { [part~="own"] { outline: 2px solid; outline-offset: -2px; } .you { border: 1px solid; } }
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

/** What happens on the boards of a run: their rules, scores, lost counters, seasons. */

/** @typedef {import("./random.js").Random} Random */
/** @typedef {import("./service.js").Service} Service */

/**
 * What the boards of a run are like.
 * @param {Random} random
 * @param {number} scale
 * @returns {import("./service.js").Rules[]}
 */
export function drawRules(random, scale) {
  return ["global", "weekly", "constructor"].slice(0, 1 + random.below(3)).map((name) => ({
    name,
    topSize: 1 + random.below(8),
    users: 2 + random.below(14),
    frameInterval: random.pick([50, 250, 1000]) * scale,
    seasons: Array.from({ length: random.chance(0.5) ? 1 : 2 + random.below(3) }, () => random.between(20_000, 60_000) * scale),
  }));
}

/**
 * Plans the storm's scores, counter losses and seasons.
 * @param {{random: Random, time: import("./time.js").Time, service: Service, until: number, scale: number}} parts
 */
export function stir({ random, time, service, until, scale }) {
  const names = [...service.boards.keys()];
  const pause = random.between(50, 3_000) * scale;
  const loss = random.chance(0.5) ? 0 : 0.05;
  const next = () => {
    if (time.now() >= until) return;
    for (let burst = random.chance(0.1) ? random.below(20) : 1; burst > 0; burst -= 1) service.write(random.pick(names));
    if (random.chance(loss)) service.loseCounter(random.pick(names), random.between(500, 3_000) * Math.max(scale, 0.3));
    time.after(random.between(0, 2 * pause), next);
  };
  next();
  const turn = () => {
    service.turnSeasons();
    if (!service.isAtRest || time.now() < until) time.after(Math.max(10, 500 * scale), turn);
  };
  turn();
}

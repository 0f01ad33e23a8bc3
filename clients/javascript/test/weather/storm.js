/** One run in bad weather, in virtual time: a client, the model service, and a seed that decides everything. */

import { createLeaderboard } from "../../src/index.js";
import { FakePage } from "./fake_page.js";
import { Network } from "./network.js";
import { Random } from "./random.js";
import { drawRules, stir } from "./scores.js";
import { Service } from "./service.js";
import { VirtualTime } from "./time.js";
import { Weather } from "./weather.js";
import { Witness } from "./witness.js";

const START = Date.UTC(2026, 10, 23, 8);
/** By then, after the weather has calmed down, the final board is there: a ping interval, and what may follow it. */
const PATIENCE = 12 * 60_000;
const PING_INTERVAL = 180_000;

/**
 * @param {number} seed
 * @param {{create?: typeof createLeaderboard}} [means] another way to make the client
 * @returns {Promise<{seed: number, wrongs: string[], shown: number, connections: number, requests: number, took: number}>}
 *   took: virtual milliseconds from calm weather to the final board
 */
export async function ride(seed, { create = createLeaderboard } = {}) {
  const random = new Random(seed);
  const time = new VirtualTime(START);
  const weather = new Weather({ random, time, scale: 1 });
  const service = new Service({ random, time, rules: drawRules(random, 1) });
  const network = new Network({ service, weather, time });
  const page = new FakePage();
  const calmAt = START + random.between(20_000, 240_000);
  stir({ random, time, service, until: calmAt, scale: 1 });

  // The client's clock is wrong by up to a day, and set anew at times.
  let clockError = random.chance(0.5) ? 0 : random.between(-86_400_000, 86_400_000);
  const hasHttp = weather.blocked || random.chance(0.7);
  const client = create({
    socket: "wss://example.test/dev",
    http: hasHttp ? "https://example.test" : undefined,
    fetchTicket: random.chance(0.3) ? () => ticket(weather) : undefined,
    WebSocket: network.WebSocket,
    fetch: network.fetch,
    page,
    now: () => time.now() + clockError,
    random: new Random(seed + 1e9).next,
    setTimeout: time.setTimeout,
    clearTimeout: time.clearTimeout,
  });

  /** @type {Map<string, Witness>} */
  const witnesses = new Map();
  /** @type {Map<string, (() => void)[]>} */
  const subscriptions = new Map();
  /** @type {string[]} */
  const wrongs = [];
  const subscribe = (/** @type {string} */ name) => {
    const witness = new Witness(() => service.boards.get(name)?.history ?? []);
    witness.wrongs = wrongs;
    if (!subscriptions.get(name)?.length) witnesses.set(name, witness);
    const off = client.subscribe(name, (board, changes) => witness.see(board, changes));
    subscriptions.set(name, [...(subscriptions.get(name) ?? []), off]);
  };
  for (const name of service.boards.keys()) subscribe(name);

  const disturb = () => {
    if (time.now() >= calmAt) return;
    const name = random.pick([...service.boards.keys()]);
    random.pick([
      () => page.show(false),
      () => page.show(true),
      () => page.show(true),
      () => page.connect(false),
      () => page.connect(true),
      () => page.connect(true),
      () => page.window.dispatchEvent(new Event(random.chance(0.3) ? "pagehide" : "pageshow")),
      () => subscribe(name),
      () => subscriptions.get(name)?.pop()?.(),
      () => (clockError += random.between(-600_000, 600_000)),
    ])();
    time.after(random.between(0, 30_000), disturb);
  };
  if (random.chance(0.7)) time.after(random.between(0, 30_000), disturb);

  await time.run(calmAt);
  weather.calm = true;
  page.connect(true);
  page.show(true);
  for (const [name, offs] of subscriptions) if (offs.length === 0) subscribe(name);
  const goal = weather.blocked ? "polling" : "live";
  const arrived = () => {
    const { state, staleSince } = client.status;
    return state === goal && staleSince === null && service.isAtRest && [...witnesses.values()].every((witness) => witness.isFinal);
  };
  // Longer than the longest delay, so that nothing of the storm is on its way any more.
  await time.run(calmAt + 30_000);
  await time.run(calmAt + PATIENCE, arrived);
  const took = time.now() - calmAt;
  if (!arrived()) wrongs.push(`not final: ${JSON.stringify(client.status)} ${[...witnesses].map(([name, { isFinal }]) => `${name} ${isFinal}`)}`);
  const shown = count(witnesses);
  // A connection that died without a sign is found out by a ping, and what comes after it changes nothing.
  await time.run(time.now() + 2 * PING_INTERVAL);
  await time.run(time.now() + PATIENCE, arrived);
  if (!arrived() || count(witnesses) !== shown) wrongs.push("did not stay final");

  client.close();
  await time.run(time.now() + 60_000);
  if (time.owned.size > 0) wrongs.push(`${time.owned.size} timers left`);
  if (page.listening > 0) wrongs.push(`${page.listening} listeners left`);
  if (network.open.size > 0) wrongs.push(`${network.open.size} sockets left`);
  const { connections, requests } = network;
  return { seed, wrongs, shown, connections, requests, took };
}

/** @param {Map<string, Witness>} witnesses */
function count(witnesses) {
  return [...witnesses.values()].reduce((sum, { shown }) => sum + shown, 0);
}

/** @param {Weather} weather */
async function ticket(weather) {
  if (weather.ticketFails()) throw new Error("No ticket");
  return "a.b.c";
}

/** One run in bad weather, in virtual time: a client, the model service, and a seed that decides everything. */

import { loadReads, loadRemedies } from "../../src/loaded.js";
import { createLeaderboard } from "../../src/index.js";
import { FakePage } from "./fake_page.js";
import { Network } from "./network.js";
import { Random } from "./random.js";
import { drawRules, stir } from "./scores.js";
import { Service } from "./service.js";
import { VirtualTime } from "./time.js";
import { Weather } from "./weather.js";
import { Witness } from "./witness.js";

// As in a page that has been open for a moment.
await Promise.all([loadReads(), loadRemedies()]);

const START = Date.UTC(2026, 10, 23, 8);
/** By then, after the weather has calmed down, the final board is there: a ping interval, and what may follow it. */
const PATIENCE = 12 * 60_000;
const PING_INTERVAL = 180_000;

/**
 * Rides out one storm with one client.
 * @param {number} seed
 * @param {{create?: typeof createLeaderboard}} [means] another way to make the client
 * @returns {Promise<{seed: number, wrongs: string[], shown: number, connections: number, requests: number, took: number}>}
 *   took: virtual milliseconds from calm weather to the final board
 */
export async function ride(seed, { create = createLeaderboard } = {}) {
  const storm = new Storm(seed, create);
  const took = await storm.pass();
  const shown = await storm.settle();
  await storm.close();
  const { connections, requests } = storm.network;
  return { seed, wrongs: storm.wrongs, shown, connections, requests, took };
}

/** One client in one storm, and the witnesses of what it shows. */
class Storm {
  time = new VirtualTime(START);
  page = new FakePage();
  /** @type {string[]} what was wrong */
  wrongs = [];
  /** @type {Map<string, Witness>} by board */
  #witnesses = new Map();
  /** @type {Map<string, (() => void)[]>} what ends each subscription, by board */
  #subscriptions = new Map();

  /**
   * @param {number} seed
   * @param {typeof createLeaderboard} create
   */
  constructor(seed, create) {
    const { page, time } = this;
    const random = new Random(seed);
    this.random = random;
    this.weather = new Weather({ random, time, scale: 1 });
    this.service = new Service({ random, time, rules: drawRules(random, 1) });
    this.network = new Network({ service: this.service, weather: this.weather, time });
    this.calmAt = START + random.between(20_000, 240_000);
    stir({ random, time, service: this.service, until: this.calmAt, scale: 1 });
    // The client's clock is wrong by up to a day, and set anew at times.
    this.clockError = random.chance(0.5) ? 0 : random.between(-86_400_000, 86_400_000);
    const hasHttp = this.weather.blocked || random.chance(0.7);
    this.client = create({
      socket: "wss://example.test/dev",
      http: hasHttp ? "https://example.test" : undefined,
      fetchTicket: random.chance(0.3) ? () => ticket(this.weather) : undefined,
      WebSocket: this.network.WebSocket,
      fetch: this.network.fetch,
      page,
      now: () => time.now() + this.clockError,
      random: new Random(seed + 1e9).next,
      setTimeout: time.setTimeout,
      clearTimeout: time.clearTimeout,
    });
    for (const name of this.service.boards.keys()) this.#subscribe(name);
    if (random.chance(0.7)) time.after(random.between(0, 30_000), () => this.#disturb());
  }

  /** @param {string} name */
  #subscribe(name) {
    const witness = new Witness(() => this.service.boards.get(name)?.history ?? []);
    witness.wrongs = this.wrongs;
    if (!this.#subscriptions.get(name)?.length) this.#witnesses.set(name, witness);
    const unsubscribe = this.client.subscribe(name, (board, changes) => witness.see(board, changes));
    this.#subscriptions.set(name, [...(this.#subscriptions.get(name) ?? []), unsubscribe]);
  }

  /** What happens on this side of the network: tabs, clocks, listeners. */
  #disturb() {
    const { page, random, time } = this;
    if (time.now() >= this.calmAt) return;
    const name = random.pick([...this.service.boards.keys()]);
    random.pick([
      () => page.show(false),
      () => page.show(true),
      () => page.show(true),
      () => page.connect(false),
      () => page.connect(true),
      () => page.connect(true),
      () => page.window.dispatchEvent(new Event(random.chance(0.3) ? "pagehide" : "pageshow")),
      () => this.#subscribe(name),
      () => this.#subscriptions.get(name)?.pop()?.(),
      () => (this.clockError += random.between(-600_000, 600_000)),
    ])();
    time.after(random.between(0, 30_000), () => this.#disturb());
  }

  /** Whether the client has the final boards, and says so. */
  get #isOver() {
    const { state, staleSince } = this.client.status;
    const goal = this.weather.blocked ? "polling" : "live";
    return state === goal && staleSince === null && this.service.isAtRest && [...this.#witnesses.values()].every((witness) => witness.isFinal);
  }

  get #shown() {
    return [...this.#witnesses.values()].reduce((sum, { shown }) => sum + shown, 0);
  }

  /**
   * The storm itself, and the calm after it.
   * @returns {Promise<number>} how long the calm took to bring the final boards, in milliseconds
   */
  async pass() {
    const { calmAt, page, time } = this;
    await time.run(calmAt);
    this.weather.calm = true;
    page.connect(true);
    page.show(true);
    for (const [name, subscriptions] of this.#subscriptions) if (subscriptions.length === 0) this.#subscribe(name);
    // Longer than the longest delay, so that nothing of the storm is on its way any more.
    await time.run(calmAt + 30_000);
    await time.run(calmAt + PATIENCE, () => this.#isOver);
    const finals = [...this.#witnesses].map(([name, { isFinal }]) => `${name} ${isFinal}`);
    if (!this.#isOver) this.wrongs.push(`not final: ${JSON.stringify(this.client.status)} ${finals}`);
    return time.now() - calmAt;
  }

  /**
   * A connection that died without a sign is found out by a ping, and what comes after it changes nothing.
   * @returns {Promise<number>} the boards shown until then
   */
  async settle() {
    const shown = this.#shown;
    await this.time.run(this.time.now() + 2 * PING_INTERVAL);
    await this.time.run(this.time.now() + PATIENCE, () => this.#isOver);
    if (!this.#isOver || this.#shown !== shown) this.wrongs.push("did not stay final");
    return shown;
  }

  /** Closes the client, which leaves nothing behind. */
  async close() {
    this.client.close();
    await this.time.run(this.time.now() + 60_000);
    if (this.time.owned.size > 0) this.wrongs.push(`${this.time.owned.size} timers left`);
    if (this.page.listening > 0) this.wrongs.push(`${this.page.listening} listeners left`);
    if (this.network.open.size > 0) this.wrongs.push(`${this.network.open.size} sockets left`);
  }
}

/** @param {Weather} weather */
async function ticket(weather) {
  if (weather.ticketFails()) throw new Error("No ticket");
  return "a.b.c";
}

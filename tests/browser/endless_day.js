// A service for one page, played by the page's own timers, so that a clock that runs fast carries both: boards that change every two
// minutes, seasons that end, and connections that break. `window.service.frames` counts what was sent.
(() => {
  // The clock: timers in the order of their times. Between two of them promises run, and now and then the browser itself.
  const started = Date.parse("2026-11-23T05:00:00Z");
  const RealDate = Date;
  const channel = new MessageChannel();
  const browser = () => new Promise((resolve) => ((channel.port1.onmessage = resolve), channel.port2.postMessage(0)));
  let now = 0;
  let count = 0;
  const timers = new Map();
  const plan = (run, wait, every = null) => timers.set(++count, { run, at: now + Math.max(1, Number(wait) || 0), every }) && count;
  window.setTimeout = (run, wait, ...given) => plan(() => run(...given), wait);
  window.setInterval = (run, wait, ...given) => plan(() => run(...given), wait, Math.max(1, wait));
  window.requestAnimationFrame = (run) => plan(() => run(now), 16);
  window.clearTimeout = window.clearInterval = window.cancelAnimationFrame = (timer) => void timers.delete(timer);
  performance.now = () => now;
  window.Date = class extends RealDate {
    constructor(...given) {
      super(...(given.length > 0 ? given : [started + now]));
    }
    static now() {
      return started + now;
    }
  };

  /** Lets so much time pass. */
  window.pass = async (milliseconds) => {
    const end = now + milliseconds;
    for (let fired = 1; ; fired += 1) {
      let next = null;
      for (const [timer, it] of timers) if (it.at <= end && (next === null || it.at < next[1].at)) next = [timer, it];
      if (next === null) break;
      const [timer, it] = next;
      now = Math.max(now, it.at);
      if (it.every === null) timers.delete(timer);
      else it.at = now + it.every;
      it.run();
      for (let turn = 0; turn < 4; turn += 1) await null;
      if (fired % 200 === 0) await browser();
    }
    now = end;
  };

  const SEASON = 6 * 3_600_000;
  const NAMES = ["Ada", "Bo", "Cleo", "Dana", "Emil", "Fay", "Gus", "Hana", "Ivo", "June", "Kim", "Lou", "Mia", "Nils"];
  const service = { frames: 0, connections: 0, refused: 0, downUntil: 0 };
  window.service = service;
  const states = new Map();
  const seasonOf = (now) => Math.floor(now / SEASON);
  const time = (at) => new Date(at).toISOString();

  function stateOf(board) {
    const number = seasonOf(Date.now());
    const known = states.get(board);
    if (known?.number === number) return known;
    const state = { number, version: 0, scores: new Map(), random: 1 + number };
    states.set(board, state);
    return state;
  }

  /** Somebody scores: always the same story. */
  function score(board) {
    const state = stateOf(board);
    state.random = (state.random * 48_271) % 2_147_483_647;
    const name = NAMES[state.random % NAMES.length];
    const known = state.scores.get(name) ?? { userScore: 0 };
    state.scores.set(name, { userScore: known.userScore + 1 + (state.random % 9), scoreUpdatedAt: time(Date.now()) });
    state.version += 1;
  }

  function top(board) {
    const state = stateOf(board);
    const ranked = [...state.scores].sort(([a, x], [b, y]) => y.userScore - x.userScore || (a < b ? -1 : 1)).slice(0, 5);
    const entries = ranked.map(([userName, it], index) => ({ rank: index + 1, place: index + 1, userId: userName.toLowerCase(), userName, ...it }));
    const season = new Date(state.number * SEASON).toISOString().slice(0, 10);
    return { board, season, epoch: `e${state.number}`, version: state.version, total: state.scores.size, endsAt: time((state.number + 1) * SEASON), entries };
  }

  class Socket extends EventTarget {
    readyState = 0;
    #boards = new Set();
    #timer = 0;

    constructor() {
      super();
      const isDown = Date.now() < service.downUntil;
      if (isDown) service.refused += 1;
      setTimeout(() => (isDown ? this.#end() : this.#open()), 20);
    }

    #open() {
      if (this.readyState !== 0) return;
      this.readyState = 1;
      service.connections += 1;
      this.#tell("open", new Event("open"));
      this.#timer = setInterval(() => this.#push(), 120_000);
    }

    send(text) {
      const { action, board } = JSON.parse(text);
      if (action === "subscribe") {
        this.#boards.add(board);
        this.#answer({ type: "snapshot", ...top(board), publishedAt: time(Date.now()) });
      } else if (action === "ping") {
        const places = [...this.#boards].map((it) => [it, (({ season, epoch, version }) => ({ season, epoch, version }))(top(it))]);
        this.#answer({ type: "pong", serverTime: time(Date.now()), boards: Object.fromEntries(places) });
      }
    }

    #push() {
      if (Date.now() < service.downUntil) return this.#end();
      for (const board of this.#boards) {
        score(board);
        this.#answer({ type: "snapshot", ...top(board), publishedAt: time(Date.now()) });
      }
    }

    #answer(message) {
      service.frames += 1;
      const data = JSON.stringify(message);
      setTimeout(() => this.readyState === 1 && this.#tell("message", new MessageEvent("message", { data })), 5);
    }

    close() {
      this.#end();
    }

    #end() {
      if (this.readyState === 3) return;
      this.readyState = 3;
      clearInterval(this.#timer);
      setTimeout(() => this.#tell("close", new CloseEvent("close", { code: 1006 })), 5);
    }

    #tell(name, event) {
      this.dispatchEvent(event);
      this[`on${name}`]?.(event);
    }
  }
  Object.assign(Socket, { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 });
  window.WebSocket = Socket;
})();

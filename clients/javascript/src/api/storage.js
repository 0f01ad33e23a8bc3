/*
 * Where the session and completed actions are kept: in the browser's storage, or in memory where there is none or it is blocked.
 */

/**
 * The part of `localStorage` that is used.
 * @typedef {object} Store
 * @property {number} length
 * @property {(index: number) => string | null} key
 * @property {(key: string) => string | null} getItem
 * @property {(key: string, value: string) => void} setItem
 * @property {(key: string) => void} removeItem
 */

/** Keeps JSON by key. It never throws: what the storage refuses stays in memory for as long as the page. @internal */
export class Storage {
  /** What the storage did not take. @type {Map<string, string>} */
  #memory = new Map();
  #store;

  /** @param {Store | null | undefined} store null: memory alone; undefined: the browser's */
  constructor(store) {
    this.#store = store === undefined ? browserStore() : store;
  }

  /**
   * @param {string} key
   * @returns {any} undefined if there is nothing, or nothing that can be read
   */
  read(key) {
    try {
      return JSON.parse(this.#memory.get(key) ?? this.#store?.getItem(key) ?? "") ?? undefined;
    } catch {
      return undefined;
    }
  }

  /**
   * @param {string} key
   * @param {unknown} value undefined removes it
   */
  write(key, value) {
    this.#memory.delete(key);
    const text = value === undefined ? undefined : JSON.stringify(value);
    try {
      if (text === undefined) this.#store?.removeItem(key);
      else if (this.#store) this.#store.setItem(key, text);
      else this.#memory.set(key, text);
    } catch {
      if (text !== undefined) this.#memory.set(key, text);
    }
  }

  /**
   * @param {string} prefix
   * @returns {string[]} the keys that begin so
   */
  keys(prefix) {
    const found = new Set(this.#memory.keys());
    try {
      const { length = 0 } = this.#store ?? {};
      for (let index = 0; index < length; index += 1) found.add(String(this.#store?.key(index)));
    } catch {
      // Then only the memory has keys.
    }
    return [...found].filter((key) => key.startsWith(prefix));
  }

  /**
   * Calls the listener when another tab wrote something.
   * @param {string} prefix of the keys that matter
   * @param {() => void} listener
   * @returns {() => void} stops it
   */
  watch(prefix, listener) {
    const heard = (/** @type {Event} */ event) => {
      const { key } = /** @type {StorageEvent} */ (event);
      if (key === null || key.startsWith(prefix)) listener();
    };
    globalThis.addEventListener?.("storage", heard);
    return () => globalThis.removeEventListener?.("storage", heard);
  }
}

/** Reading the property itself throws where storage is blocked. On a server it would be shared by all users. */
function browserStore() {
  try {
    return "document" in globalThis ? globalThis.localStorage : null;
  } catch {
    return null;
  }
}

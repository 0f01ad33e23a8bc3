/** A page for tests: its tab is switched and its network comes and goes. It counts its listeners. */
export class FakePage {
  listening = 0;
  document = Object.assign(new EventTarget(), { visibilityState: "visible" });
  window = new EventTarget();
  navigator = { onLine: true };

  constructor() {
    for (const target of [this.document, this.window]) {
      const { addEventListener, removeEventListener } = target;
      Object.assign(target, {
        addEventListener: (/** @type {[any, any]} */ ...args) => {
          this.listening += 1;
          addEventListener.apply(target, args);
        },
        removeEventListener: (/** @type {[any, any]} */ ...args) => {
          this.listening -= 1;
          removeEventListener.apply(target, args);
        },
      });
    }
  }

  /** @param {boolean} visible */
  show(visible) {
    this.document.visibilityState = visible ? "visible" : "hidden";
    this.document.dispatchEvent(new Event("visibilitychange"));
  }

  /** @param {boolean} online */
  connect(online) {
    this.navigator.onLine = online;
    this.window.dispatchEvent(new Event(online ? "online" : "offline"));
  }
}

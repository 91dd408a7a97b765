/** Offers to explain a selected passage, or to ask about it, once the selection has settled. */

import { h } from "./element.js";

/** A selection that lasts this long is no accident of a click. */
const SETTLED_MS = 300;
/** Shorter selections are words looked up elsewhere. */
const FEWEST_LETTERS = 3;

export class SelectionOffer {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #pressed = false;
  /** The passage being offered; empty if there is none. */
  text = "";

  /**
   * @param {HTMLElement} host
   * @param {Strings} words
   * @param {(text: string) => void} explain
   * @param {(text: string) => void} ask
   */
  constructor(host, words, explain, ask) {
    this.host = host;
    /** @param {(text: string) => void} use */
    const with_ = (use) => () => {
      const { text } = this;
      this.hide();
      use(text);
    };
    this.element = h(
      "div",
      {
        class: "selection-tools",
        role: "toolbar",
        "aria-label": words.selectionTools,
        hidden: true,
        // Pressing a button must not undo the selection.
        onmousedown: (/** @type {Event} */ event) => event.preventDefault(),
      },
      h("button", { type: "button", onclick: with_(explain) }, words.explain),
      h("button", { type: "button", onclick: with_(ask) }, words.askAbout),
    );
    document.addEventListener("selectionchange", () => this.#wait());
    document.addEventListener("pointerdown", () => (this.#pressed = true));
    for (const end of ["pointerup", "pointercancel"]) {
      document.addEventListener(end, () => {
        this.#pressed = false;
        this.#wait();
      });
    }
    addEventListener("scroll", () => this.text && this.#place(), { passive: true, capture: true });
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.hide());
    this.#wait();
  }

  hide() {
    clearTimeout(this.#timer);
    this.text = "";
    this.element.hidden = true;
  }

  #wait() {
    clearTimeout(this.#timer);
    if (this.#pressed) return;
    this.#timer = setTimeout(() => this.#offer(), SETTLED_MS);
  }

  #offer() {
    const selection = getSelection();
    const text = selection?.toString().trim() ?? "";
    const node = selection?.anchorNode;
    const element = node instanceof Element ? node : node?.parentElement;
    const elsewhere =
      !element || element === this.host || element.closest("input, textarea, [contenteditable], nav, dialog") !== null;
    if (text.length < FEWEST_LETTERS || elsewhere || document.activeElement === this.host) {
      if (document.activeElement !== this.host) this.hide();
      return;
    }
    this.text = text;
    this.element.hidden = false;
    this.#place();
  }

  /** Below the selection's end, inside the window. Phones put their own tools above it. */
  #place() {
    const selection = getSelection();
    if (!selection?.rangeCount) return;
    const lines = selection.getRangeAt(0).getClientRects();
    const line = lines[lines.length - 1];
    if (!line) return;
    const { offsetWidth: width, offsetHeight: height } = this.element;
    const below = line.bottom + 8;
    const top = below + height < innerHeight ? below : line.top - height - 8;
    this.element.style.top = `${Math.max(8, Math.min(top, innerHeight - height - 8))}px`;
    this.element.style.left = `${Math.max(8, Math.min(line.right - width, innerWidth - width - 8))}px`;
  }
}

/**
 * <rag-chatbot>: a conversation with the documentation, inside the documentation.
 *
 * This file is what every page loads: a button, a key, an ear for selections. Everything else is
 * fetched when it is first needed. One tag puts it on a page:
 *   <script type="module" src="https://host/_rag/widget.js" data-api="https://host"></script>
 */

import { h, icon, sheet } from "./element.js";
import { wordsFor } from "./language.js";
import { hasOwnSearch, isDark, readLanguage, readSettings, setInks, watchPage } from "./page.js";
import { Session } from "./session.js";
import launcherStyle from "./styles/launcher.js";

/** Where a followed source leaves its note; see marking.js. */
const MARK_NOTE = "rag-chatbot:mark";

export class RagChatbot extends HTMLElement {
  /** @type {Promise<import("./panel.js").Panel> | undefined} */
  #panel;
  /** @type {import("./selection.js").SelectionOffer | undefined} */
  #selection;
  #started = false;
  /** @type {Element | null} */
  #focused = null;
  /** @type {HTMLElement | undefined} */
  #alert;

  connectedCallback() {
    if (this.#started) return;
    this.#started = true;
    void this.#start();
  }

  /** Opens the widget. @param {{selectedText?: string}} [about] */
  async open(about) {
    this.#focused = document.activeElement;
    this.#selection?.hide();
    try {
      const panel = await this.#loadPanel();
      this.#alert?.remove();
      panel.open(about);
    } catch {
      // What would say that the server is away has to come from that server.
      this.#panel = undefined;
      this.#alert?.remove();
      this.#alert = h("p", { class: "alert", role: "alert" }, this.words?.away);
      this.root?.append(this.#alert);
    }
  }

  async close() {
    (await this.#panel)?.close();
  }

  /**
   * Opens the widget and asks.
   * @param {string} question
   * @param {string} [selectedText]
   */
  async ask(question, selectedText) {
    await this.open();
    (await this.#panel)?.ask(question, selectedText);
  }

  async #start() {
    this.settings = readSettings(this, import.meta.url);
    this.words = await wordsFor(readLanguage(this.settings));
    const { settings, words } = this;
    const shadow = this.attachShadow({ mode: "open" });
    shadow.adoptedStyleSheets = [sheet(launcherStyle)];
    this.root = h("div", { class: "root", lang: words.language, dir: words.direction });
    shadow.append(this.root);
    this.#colour();
    watchPage(() => this.#colour());

    if (settings.fullPage) {
      document.documentElement.lang = words.language;
      document.documentElement.dir = words.direction;
      document.title = settings.title ?? words.title;
      document.adoptedStyleSheets.push(sheet("body { margin: 0; }"));
      const address = new URL(location.href);
      const asked = address.searchParams.get("q")?.trim();
      if (!asked) return this.open();
      // A launcher's search is asked once, not again with every reload.
      address.searchParams.delete("q");
      history.replaceState(null, "", address);
      return this.ask(asked);
    }

    this.launcher = h(
      "button",
      {
        type: "button",
        class: "launcher",
        "aria-haspopup": "dialog",
        "aria-label": words.launch,
        hidden: !settings.launcher,
        onclick: () => this.open(),
        // Loads what opening will need while the pointer is on its way.
        onpointerenter: () => this.#loadPanel().catch(() => (this.#panel = undefined)),
        onfocus: () => this.#loadPanel().catch(() => (this.#panel = undefined)),
      },
      icon("ask"),
      h("span", { class: "name" }, words.launch),
      settings.key && h("kbd", { "aria-hidden": "true" }, settings.key),
    );
    this.root.append(this.launcher);
    addEventListener("keydown", (event) => this.#key(event));
    if (settings.selection) {
      // Without the server there is nobody to explain a selection.
      document.addEventListener("selectionchange", () => this.#listenToSelections().catch(() => {}), { once: true });
    }
    if (await this.#markNoted()) return;
    if (new Session(settings.api).load().open) await this.open();
  }

  async #listenToSelections() {
    const { SelectionOffer } = await import("./selection.js");
    const { words } = this;
    if (!words) return;
    this.#selection = new SelectionOffer(
      this,
      words,
      (text) => this.ask(words.explainQuestion, text),
      (text) => this.open({ selectedText: text }),
    );
    this.root?.append(this.#selection.element);
  }

  async #markNoted() {
    try {
      if (!localStorage.getItem(MARK_NOTE)) return false;
    } catch {
      return false;
    }
    const { markNoted } = await import("./marking.js");
    return markNoted();
  }

  #loadPanel() {
    this.#panel ??= this.#makePanel();
    return this.#panel;
  }

  async #makePanel() {
    const { Panel } = await import("./panel.js");
    const { root, settings, words } = this;
    if (!root || !settings || !words) throw new Error("the element has not started");
    this.shadowRoot?.adoptedStyleSheets.push(sheet(Panel.style));
    const panel = new Panel({
      settings,
      words,
      report: (name, facts, text) => report(this, settings, name, facts, text),
      closed: () => this.#returnFocus(),
    });
    root.append(panel.element);
    return panel;
  }

  #returnFocus() {
    const before = this.#focused;
    if (before instanceof HTMLElement && before !== this && before !== document.body && before.isConnected) before.focus();
    else this.launcher?.focus();
  }

  #colour() {
    if (!this.root || !this.settings) return;
    this.root.classList.toggle("dark", isDark(this.settings));
    setInks(this.root);
    if (this.settings.fullPage) {
      document.body.style.background = getComputedStyle(this.root).getPropertyValue("--surface");
    }
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.defaultPrevented || event.isComposing || !this.settings) return;
    const [target] = event.composedPath();
    const typing =
      target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
    const pressed = [
      event.ctrlKey && "ctrl",
      event.metaKey && "meta",
      event.altKey && "alt",
      event.key.toLowerCase(),
    ]
      .filter(Boolean)
      .join("+");
    const own = pressed === this.settings.key && (!typing || event.ctrlKey || event.metaKey);
    const searchKey = /^(ctrl|meta)\+k$/.test(pressed) && !hasOwnSearch();
    if (!own && !searchKey) return;
    event.preventDefault();
    const selectedText = this.#selection?.text;
    void this.open(selectedText ? { selectedText } : undefined);
  }
}

/**
 * Tells the page what happened, as DOM events that carry no text unless the owner allows it, and
 * passes them on to the page's own analytics only if the owner asks for that. Loads nothing.
 * @type {(host: HTMLElement, settings: Settings, ...happened: Parameters<Reporter>) => void}
 */
function report(host, settings, name, facts, text = {}) {
  const detail = { ...facts, ...(settings.analyticsText ? text : {}) };
  host.dispatchEvent(new CustomEvent(`rag-chatbot:${name}`, { detail, bubbles: true, composed: true }));
  if (!settings.analytics) return;
  if (typeof window.gtag === "function") window.gtag("event", `rag_chatbot_${name}`, detail);
  if (typeof window.plausible === "function") window.plausible(`rag-chatbot:${name}`, { props: detail });
}

/** The same tag twice, or a tag and an element of the owner's, still make one widget. */
if (!customElements.get("rag-chatbot")) {
  customElements.define("rag-chatbot", RagChatbot);
  if (!document.querySelector("rag-chatbot")) (document.body ?? document.documentElement).append(document.createElement("rag-chatbot"));
}

/** The open widget: a dialog, or a full page, that holds the box and the conversation. */

import { Box } from "./box.js";
import { Conversation } from "./conversation.js";
import { h, icon, iconButton } from "./element.js";
import { directionOf } from "./language.js";
import { readScope } from "./page.js";
import { Server } from "./server.js";
import { Session } from "./session.js";
import { download, quoteOf, resolve, transcriptOf } from "./sources.js";
import panelStyle from "./styles/panel.js";
import { troubleWords, TurnView } from "./turn.js";

/** A screen reader is told this much of an answer at once; the rest is there to be read. */
const ANNOUNCED_LETTERS = 600;

/**
 * @typedef {object} PanelOptions
 * @property {Settings} settings
 * @property {Strings} words
 * @property {Reporter} report
 * @property {() => void} closed
 */

export class Panel {
  static style = panelStyle;
  /** @type {Map<Turn, TurnView>} */
  #views = new Map();
  /** @type {Set<Turn>} */
  #toDraw = new Set();
  #selectedText = "";
  #reconciled = false;

  /** @param {PanelOptions} options */
  constructor(options) {
    const { settings, words } = options;
    this.options = options;
    this.server = new Server(settings.api);
    this.session = new Session(settings.api);
    this.conversation = new Conversation(this.server, this.session, () => readScope(settings));

    this.status = h("div", { role: "status", class: "unseen" });
    this.notices = h("div", { class: "notices" });
    this.about = h("div", { class: "about", hidden: true });
    this.turns = h("div", { class: "scroller", role: "region", "aria-label": words.conversation, tabindex: -1 });
    this.welcome = this.#drawWelcome();
    this.box = new Box({
      words,
      search: (query, signal) => this.server.search(query, readScope(settings), signal),
      ask: (question) => this.ask(question),
      stop: () => this.conversation.stop(),
      open: (result, elsewhere) => this.#visit(result, elsewhere),
      say: (text) => this.say(text),
      typed: () => this.#remember(true),
      listing: (shown) => {
        this.turns.hidden = shown || this.conversation.turns.length === 0;
        this.welcome.hidden = shown || this.conversation.turns.length > 0;
      },
    });
    this.element = this.#drawFrame();
    this.element.append(
      this.#drawHead(),
      this.about,
      this.box.element,
      this.notices,
      this.box.found,
      this.turns,
      this.welcome,
      h("p", { class: "foot" }, h("span", {}, words.caution), h("span", { class: "keys" }, words.keys)),
      this.status,
    );
    this.#listen();
    new ResizeObserver(() => this.turns.style.setProperty("--room", `${this.turns.clientHeight}px`)).observe(this.turns);
    this.box.write(this.session.load().draft);
    this.#drawTurns();
  }


  get isOpen() {
    return !(this.element instanceof HTMLDialogElement) || this.element.open;
  }

  /** @param {{selectedText?: string}} [about] */
  open(about = {}) {
    if (this.element instanceof HTMLDialogElement && !this.element.open) this.element.showModal();
    if (about.selectedText) this.#setSelectedText(about.selectedText);
    this.box.forget();
    this.box.focus();
    this.#remember(true);
    this.#showLatest();
    if (!this.#reconciled) {
      this.#reconciled = true;
      this.conversation.reconcile().then((known) => known || this.#notice(this.options.words.expired));
    }
  }

  close() {
    if (!(this.element instanceof HTMLDialogElement) || !this.element.open) return;
    this.#remember(false);
    this.element.close();
    this.options.closed();
  }

  /**
   * @param {string} question
   * @param {string} [selectedText]
   */
  ask(question, selectedText = this.#selectedText) {
    if (this.conversation.busy) {
      this.say(this.options.words.waitForAnswer);
      return false;
    }
    this.notices.replaceChildren();
    this.#setSelectedText("");
    this.conversation.ask(question, selectedText || undefined);
    return true;
  }

  /** Tells a screen reader. @param {string} text */
  say(text) {
    this.status.textContent = "";
    // The same words twice are only heard twice if they were gone in between.
    setTimeout(() => (this.status.textContent = text), 50);
  }

  #drawFrame() {
    const { settings } = this.options;
    if (settings.fullPage) return h("section", { class: "panel" });
    return h("dialog", {
      class: "panel",
      "aria-labelledby": "title",
      oncancel: (/** @type {Event} */ event) => {
        event.preventDefault();
        this.close();
      },
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.#keepFocus(event),
      // Only a press that begins on the backdrop closes; a selection that ends there doesn't.
      onmousedown: (/** @type {MouseEvent} */ event) => event.target === this.element && this.close(),
    });
  }

  #drawHead() {
    const { settings, words } = this.options;
    const title = settings.title ?? words.title;
    const full = new URL("chat", settings.api);
    full.searchParams.set("locale", words.language);
    /** @param {string} href @param {string} name @param {Parameters<typeof icon>[0]} sign */
    const link = (href, name, sign) => h("a", { class: "icon-button", href, "aria-label": name, title: name }, icon(sign));
    this.saved = iconButton("save", words.save, () => this.#save());
    this.anew = iconButton("anew", words.anew, () => {
      this.conversation.startAnew();
      this.box.focus();
    });
    this.clear = iconButton("clear", words.clear, () => this.#askToClear());
    return h(
      "div",
      { class: "head" },
      settings.fullPage ? h("h1", { class: "title" }, title) : h("h2", { id: "title" }, title),
      this.anew,
      this.saved,
      this.clear,
      settings.fullPage
        ? link(settings.site, words.home, "home")
        : new URL(settings.api).origin === location.origin && link(full.href, words.fullPage, "page"),
      !settings.fullPage && iconButton("close", words.close, () => this.close()),
    );
  }

  #drawWelcome() {
    const { settings, words } = this.options;
    const examples = settings.examples.map((example) =>
      h("button", { type: "button", class: "plain", dir: directionOf(example), onclick: () => this.ask(example) }, example),
    );
    return h(
      "div",
      { class: "welcome" },
      h(settings.fullPage ? "h2" : "h3", {}, words.greeting),
      h("p", {}, words.hint),
      examples.length > 0 && h("div", { class: "examples" }, ...examples),
    );
  }

  #listen() {
    const { conversation } = this;
    const { report, words } = this.options;
    /** @param {string} name @param {(turn: Turn) => void} heard */
    const on = (name, heard) =>
      conversation.addEventListener(name, (event) => heard(/** @type {CustomEvent} */ (event).detail.turn));

    on("list", () => {
      this.#drawTurns();
      this.#showLatest();
    });
    on("change", (turn) => {
      this.box.setBusy(conversation.busy);
      if (this.#toDraw.size === 0) requestAnimationFrame(() => this.#drawChanged());
      this.#toDraw.add(turn);
      if (turn.state === "failed" && turn.trouble) this.say(troubleWords(turn.trouble, turn, words));
      else if (turn.state === "stopped") this.say(words.stopped);
      else if (turn.state === "waiting" && turn.attempt > 0) this.say(words.retrying(turn.attempt, 3));
    });
    on("rated", (turn) => {
      this.#views.get(turn)?.update();
      report("feedback", { rating: turn.rating });
    });
    on("ask", (turn) => {
      this.say(words.searching);
      const mode = turn.selectedText ? "selected_text" : "full_book";
      report("query", { ...readScope(this.options.settings), mode }, { query: turn.question });
    });
    on("answer", (turn) => {
      const answer = turn.answer.replace(/\[\d+\]|[*`#_]/g, "").slice(0, ANNOUNCED_LETTERS);
      this.say(`${turn.abstained ? words.notFound : words.answerReady(turn.sources.length)} ${answer}`);
      const { generator, abstained } = turn;
      report("answer", { generator, abstained, sources: turn.sources.length }, { answer: turn.answer });
    });
    conversation.addEventListener("error", (event) => {
      report("error", { code: /** @type {CustomEvent} */ (event).detail.code });
    });
  }

  #drawTurns() {
    const { conversation, options } = this;
    const { turns } = conversation;
    for (const [turn, view] of this.#views) {
      if (turns.includes(turn)) continue;
      view.remove();
      this.#views.delete(turn);
    }
    for (const turn of turns) {
      if (this.#views.has(turn)) continue;
      const view = new TurnView(turn, options.settings, options.words, {
        follow: (source, event) => void this.#follow(source, event),
        retry: (again) => {
          this.conversation.retry(again);
          this.box.focus();
        },
        edit: (again) => {
          this.box.write(again.question);
          this.box.focus();
          this.#remember(true);
        },
        rate: (rated, rating, comment) => this.conversation.rate(rated, rating, comment),
        say: (text) => this.say(text),
      });
      this.#views.set(turn, view);
      this.turns.append(view.element);
    }
    turns.forEach((turn, index) => {
      this.#views.get(turn)?.element.classList.toggle("latest", index === turns.length - 1);
      this.#views.get(turn)?.update();
    });
    const empty = turns.length === 0;
    this.welcome.hidden = !empty;
    this.turns.hidden = empty;
    this.element.classList.toggle("talking", !empty);
    for (const button of [this.saved, this.anew, this.clear]) if (button) button.hidden = empty;
    this.box.setBusy(conversation.busy);
  }

  #drawChanged() {
    for (const turn of this.#toDraw) this.#views.get(turn)?.update();
    this.#toDraw.clear();
  }

  /** The latest question goes to the top, and its answer grows below it without moving the page. */
  #showLatest() {
    const last = this.conversation.turns.at(-1);
    const element = last && this.#views.get(last)?.element;
    if (element) this.turns.scrollTop += element.getBoundingClientRect().top - this.turns.getBoundingClientRect().top;
  }

  /** @param {string} text */
  #setSelectedText(text) {
    const { words } = this.options;
    this.#selectedText = text;
    this.about.hidden = !text;
    this.about.replaceChildren(
      h("div", {}, h("p", {}, words.about), h("blockquote", { dir: directionOf(text) }, text)),
      iconButton("close", words.dropSelection, () => {
        this.#setSelectedText("");
        this.box.focus();
      }),
    );
  }

  /**
   * @param {Source} source
   * @param {MouseEvent} event
   */
  async #follow(source, event) {
    const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey;
    const address = resolve(source.url, this.options.settings);
    const quote = quoteOf(source);
    if (!elsewhere) event.preventDefault();
    const marking = await import("./marking.js").catch(() => null);
    if (!marking) return location.assign(address);
    const target = marking.follow(address, quote);
    if (elsewhere) return;
    this.close();
    if (target.here) {
      const marked = await marking.mark(quote, new URL(address).hash);
      if (marked) this.say(this.options.words.marked);
    } else {
      location.assign(target.address);
    }
  }

  /**
   * @param {SearchResult} result
   * @param {boolean} elsewhere
   */
  #visit(result, elsewhere) {
    const address = resolve(result.url, this.options.settings);
    if (elsewhere) {
      window.open(address, "_blank", "noopener");
      return;
    }
    this.box.write("");
    this.box.dismiss();
    this.close();
    this.#remember(false);
    location.assign(address);
  }

  /** What is typed is kept over a reload. @param {boolean} open */
  #remember(open) {
    this.session.saveTab({ draft: this.box.text, open: open && !this.options.settings.fullPage });
  }

  #save() {
    const { settings, words } = this.options;
    const day = new Date().toISOString().slice(0, 10);
    download(transcriptOf(this.conversation.turns, settings, words), `chat-${day}.md`);
  }

  #askToClear() {
    const { words } = this.options;
    const dismiss = () => {
      this.notices.replaceChildren();
      this.box.focus();
    };
    const yes = h(
      "button",
      {
        type: "button",
        class: "primary danger",
        onclick: async () => {
          try {
            await this.conversation.clear();
            this.#notice(words.cleared);
          } catch {
            this.#notice(words.clearFailed);
          }
          this.box.focus();
        },
      },
      words.clearYes,
    );
    this.notices.replaceChildren(
      h(
        "div",
        { class: "notice", role: "group", "aria-label": words.clearQuestion },
        h("span", {}, words.clearQuestion),
        yes,
        h("button", { type: "button", class: "plain", onclick: dismiss }, words.clearNo),
      ),
    );
    this.say(words.clearQuestion);
    yes.focus();
  }

  /** @param {string} text */
  #notice(text) {
    this.notices.replaceChildren(h("p", { class: "notice" }, text));
    this.say(text);
  }

  /** Tab goes round inside the dialog. @param {KeyboardEvent} event */
  #keepFocus(event) {
    if (event.key === "Escape") {
      event.preventDefault();
      this.close();
      return;
    }
    if (event.key !== "Tab") return;
    const stops = /** @type {NodeListOf<HTMLElement>} */ (
      this.element.querySelectorAll("button, a[href], textarea, [tabindex='0']")
    );
    const shown = [...stops].filter((stop) => stop.checkVisibility());
    const [from, to] = event.shiftKey ? [shown[0], shown.at(-1)] : [shown.at(-1), shown[0]];
    const root = /** @type {ShadowRoot} */ (this.element.getRootNode());
    if (root.activeElement !== from) return;
    event.preventDefault();
    to?.focus();
  }
}

/** The one box: typing finds sections, Enter asks. Knows the server's search, not the conversation. */

import { QUESTION_LIMIT } from "./conversation.js";
import { h, icon } from "./element.js";
import { directionOf, lengthOf } from "./language.js";
import { drawTrail, trail } from "./sources.js";

/** The pause in typing after which a search is sent: shorter than a reader can notice. */
const PAUSE_MS = 30;
/** Fewer letters match everything. */
const FEWEST_TYPED = 2;
/** Searches remembered, so that going back over letters costs nothing. */
const REMEMBERED = 50;

/**
 * @typedef {object} BoxOptions
 * @property {Strings} words
 * @property {(words: string, signal: AbortSignal) => Promise<SearchResult[]>} search
 * @property {(question: string) => boolean} ask whether the question was taken
 * @property {() => void} stop
 * @property {(result: SearchResult, elsewhere: boolean) => void} open
 * @property {(words: string) => void} say
 * @property {(text: string) => void} typed
 * @property {(shown: boolean) => void} listing
 */

export class Box {
  /** @type {SearchResult[]} */
  #results = [];
  #active = -1;
  /** @type {AbortController | undefined} */
  #searching;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {Map<string, SearchResult[]>} */
  #remembered = new Map();
  #busy = false;

  /** @param {BoxOptions} options */
  constructor(options) {
    const { words } = options;
    this.options = options;
    this.field = h("textarea", {
      rows: 1,
      dir: "auto",
      class: "field",
      "aria-label": words.placeholder,
      placeholder: words.placeholder,
      "aria-autocomplete": "list",
      "aria-controls": "sections",
      "aria-describedby": "counter",
      autocomplete: "off",
      spellcheck: "true",
      enterkeyhint: "send",
      oninput: () => this.#typed(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event),
    });
    this.counter = h("span", { class: "counter", id: "counter", hidden: true });
    this.send = h("button", { type: "submit", class: "send", "aria-label": words.ask, title: words.ask }, icon("send"));
    this.element = h(
      "form",
      { class: "box", role: "search", onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
      this.field,
      this.counter,
      this.send,
    );
    this.list = h("div", { id: "sections", role: "listbox", "aria-label": words.sections, class: "sections" });
    this.none = h("p", { class: "none", hidden: true }, words.foundNone);
    this.found = h("div", { class: "found", hidden: true }, this.list, this.none);
  }

  get text() {
    return this.field.value;
  }

  /** @param {string} text */
  write(text) {
    this.field.value = text;
    this.#grow();
    this.#count();
  }

  /** The page may have become one of another version since the sections were found. */
  forget() {
    this.#remembered.clear();
  }

  focus() {
    this.#grow();
    this.field.focus();
  }

  /** The button asks or stops. @param {boolean} busy */
  setBusy(busy) {
    if (busy === this.#busy) return;
    this.#busy = busy;
    const name = busy ? this.options.words.stop : this.options.words.ask;
    this.send.replaceChildren(icon(busy ? "stop" : "send"));
    this.send.setAttribute("aria-label", name);
    this.send.title = name;
  }

  /** Puts the found sections away; what was typed stays. Says whether there were any. */
  dismiss() {
    clearTimeout(this.#timer);
    this.#searching?.abort();
    const shown = !this.found.hidden;
    this.#show([], false);
    return shown;
  }

  #typed() {
    this.#grow();
    this.#count();
    this.options.typed(this.text);
    clearTimeout(this.#timer);
    const words = this.text.trim();
    if (lengthOf(words) < FEWEST_TYPED || lengthOf(words) > QUESTION_LIMIT) {
      this.dismiss();
      return;
    }
    const known = this.#remembered.get(words);
    if (known) this.#show(known, true);
    else this.#timer = setTimeout(() => this.#search(words), PAUSE_MS);
  }

  /** @param {string} words */
  async #search(words) {
    this.#searching?.abort();
    const searching = new AbortController();
    this.#searching = searching;
    try {
      const results = await this.options.search(words, searching.signal);
      if (searching.signal.aborted) return;
      if (this.#remembered.size >= REMEMBERED) this.forget();
      this.#remembered.set(words, results);
      this.#show(results, true);
    } catch {
      // Typing goes on without suggestions; asking will say what is wrong.
      if (!searching.signal.aborted) this.#show([], false);
    }
  }

  /**
   * @param {SearchResult[]} results
   * @param {boolean} shown
   */
  #show(results, shown) {
    this.#results = results;
    this.found.hidden = !shown;
    this.none.hidden = results.length > 0;
    this.list.hidden = results.length === 0;
    this.list.replaceChildren(...results.map((result, index) => this.#option(result, index)));
    this.#choose(-1);
    this.options.listing(shown);
    clearTimeout(this.#timer);
    // A screen reader hears the count once typing has really paused.
    if (shown) {
      this.#timer = setTimeout(() => {
        this.options.say(results.length ? this.options.words.found(results.length) : this.options.words.foundNone);
      }, 1000);
    }
  }

  /**
   * @param {SearchResult} result
   * @param {number} index
   */
  #option(result, index) {
    const name = trail(result);
    const excerpt = (result.excerpt ?? "").replace(/<[^>]+>/g, "");
    return h(
      "div",
      {
        role: "option",
        id: `section-${index}`,
        class: "section",
        "aria-selected": "false",
        onmousemove: () => this.#active !== index && this.#choose(index),
        onclick: (/** @type {MouseEvent} */ event) => this.options.open(result, event.ctrlKey || event.metaKey),
      },
      drawTrail(name, this.options.words.direction),
      excerpt && withMatches(h("span", { class: "excerpt", dir: directionOf(excerpt) }), excerpt, this.text),
    );
  }

  /** @param {number} index */
  #choose(index) {
    this.#active = index;
    [...this.list.children].forEach((option, at) => {
      option.setAttribute("aria-selected", String(at === index));
      if (at === index) option.scrollIntoView({ block: "nearest" });
    });
    if (index < 0) this.field.removeAttribute("aria-activedescendant");
    else this.field.setAttribute("aria-activedescendant", `section-${index}`);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    // Enter that ends an input method's composition is not meant for us.
    if (event.isComposing) return;
    const count = this.found.hidden ? 0 : this.#results.length;
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step && count > 0) {
      event.preventDefault();
      // Whoever chooses among these sections doesn't want them replaced by late ones.
      clearTimeout(this.#timer);
      this.#searching?.abort();
      // One more place than there are sections: the box itself.
      this.#choose(((this.#active + 1 + step + count + 1) % (count + 1)) - 1);
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      const result = this.#results[this.#active];
      if (result && count > 0) this.options.open(result, event.ctrlKey || event.metaKey);
      else if (this.#busy) this.options.say(this.options.words.waitForAnswer);
      else this.#ask();
    } else if (event.key === "Escape" && this.dismiss()) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    if (this.#busy) this.options.stop();
    else this.#ask();
  }

  #ask() {
    const question = this.text.trim();
    if (!question) return this.focus();
    if (lengthOf(question) > QUESTION_LIMIT) {
      this.options.say(this.options.words.tooLong(QUESTION_LIMIT));
      this.#count();
      return this.focus();
    }
    if (!this.options.ask(question)) return;
    this.write("");
    this.options.typed("");
    this.dismiss();
  }

  #count() {
    const { words } = this.options;
    const used = lengthOf(this.text.trim());
    const over = used > QUESTION_LIMIT;
    this.counter.hidden = used === 0;
    // An empty field has no text to take its direction from.
    this.field.dir = this.text ? "auto" : words.direction;
    this.counter.replaceChildren(
      h("span", { "aria-hidden": "true", dir: "ltr" }, `${used}/${QUESTION_LIMIT}`),
      h("span", { class: "unseen" }, words.counter(used, QUESTION_LIMIT)),
      over ? h("span", { class: "over" }, words.tooLong(QUESTION_LIMIT)) : "",
    );
    this.element.classList.toggle("too-long", over);
    this.field.setAttribute("aria-invalid", String(over));
  }

  #grow() {
    this.field.style.height = "auto";
    // Nothing has a height before it is shown.
    const { scrollHeight } = this.field;
    if (scrollHeight > 0) this.field.style.height = `${scrollHeight}px`;
  }
}

/**
 * @template {HTMLElement} E
 * @param {E} element
 * @param {string} text
 * @param {string} query
 */
function withMatches(element, text, query) {
  const sought = query.toLowerCase().match(/[\p{L}\p{N}]{2,}/gu) ?? [];
  for (const part of text.split(/([\p{L}\p{N}\p{M}]+)/u)) {
    const matches = sought.some((word) => part.toLowerCase().startsWith(word));
    element.append(matches ? h("mark", {}, part) : part);
  }
  return element;
}

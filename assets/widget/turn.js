/** One turn drawn: the question, the answer as it grows, its sources, what can be done with it. */

import { QUESTION_LIMIT, RETRIES } from "./conversation.js";
import { copyText, h, icon, iconButton } from "./element.js";
import { directionOf } from "./language.js";
import { Markdown } from "./markdown.js";
import { drawSources, quoteOf, resolve, trail } from "./sources.js";

/**
 * @typedef {object} Hands what a turn can have done
 * @property {(source: Source, event: MouseEvent) => void} follow
 * @property {(turn: Turn) => void} retry
 * @property {(turn: Turn) => void} edit
 * @property {(turn: Turn, rating: "up" | "down", comment?: string) => Promise<void>} rate
 * @property {(words: string) => void} say
 */

export class TurnView {
  #drawnState = "";
  #drawnSources = "";
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #countdown;

  /**
   * @param {Turn} turn
   * @param {Settings} settings
   * @param {Strings} words
   * @param {Hands} hands
   */
  constructor(turn, settings, words, hands) {
    this.turn = turn;
    this.settings = settings;
    this.words = words;
    this.hands = hands;
    this.label = h("p", { class: "label", hidden: true });
    this.answer = h("div", { class: "answer" });
    this.note = h("div", { class: "note" });
    this.sources = h("div");
    this.actions = h("div", { class: "actions" });
    this.element = h(
      "article",
      { class: "turn", "aria-label": turn.question },
      h(
        "div",
        { class: "question" },
        h("span", { class: "unseen" }, `${words.you}: `),
        h("p", { dir: directionOf(turn.question) }, turn.question),
        turn.selectedText &&
          h("blockquote", { dir: directionOf(turn.selectedText), title: turn.selectedText }, turn.selectedText),
      ),
      this.label,
      this.answer,
      this.note,
      this.sources,
      this.actions,
    );
    this.markdown = new Markdown(this.answer, {
      cite: (number) => this.#cite(number),
      link: (address) => this.#link(address),
      code: (code, language) => this.#code(code, language),
      table: words.table,
      direction: directionOf(turn.question),
    });
    this.update();
  }

  update() {
    const { turn } = this;
    const sources = turn.sources.map((source) => source.url).join("\n");
    if (sources !== this.#drawnSources) {
      this.#drawnSources = sources;
      this.markdown.forget();
    }
    this.markdown.draw(turn.answer);
    const running = turn.state === "waiting" || turn.state === "streaming";
    this.answer.setAttribute("aria-busy", String(running));
    const state = JSON.stringify([turn.state, turn.attempt, turn.trouble, turn.rating, sources]);
    if (state === this.#drawnState) return;
    this.#drawnState = state;

    this.element.dataset.state = turn.state;
    this.#drawLabel();
    this.#drawNote();
    this.#drawSources();
    this.actions.replaceChildren(...(running ? [] : this.#drawActions()));
  }

  /** The turn is no longer shown. */
  remove() {
    clearInterval(this.#countdown);
    this.element.remove();
  }

  #drawLabel() {
    const { turn, words } = this;
    const done = turn.state === "done";
    const text = done && turn.abstained ? words.notFound : done && turn.generator === "quoting" ? words.quoted : "";
    this.label.hidden = !text;
    this.label.textContent = text;
    this.label.className = `label ${turn.abstained ? "not-found" : "quoted"}`;
  }

  #drawNote() {
    const { turn, words } = this;
    clearInterval(this.#countdown);
    /** @type {(Node | string)[]} */
    const parts = [];
    if (turn.state === "waiting" && turn.attempt > 0) parts.push(words.retrying(turn.attempt, RETRIES));
    else if (turn.state === "waiting") parts.push(h("span", { class: "searching" }, words.searching));
    else if (turn.state === "stopped") parts.push(words.stopped);
    else if (turn.state === "done" && turn.notice) parts.push(turn.notice);
    else if (turn.state === "failed") parts.push(...this.#drawTrouble());
    this.note.hidden = parts.length === 0;
    this.note.className = turn.state === "failed" ? "note trouble" : "note";
    this.note.replaceChildren(...parts);
  }

  #drawTrouble() {
    const { words } = this;
    const trouble = this.turn.trouble ?? { kind: "rejected" };
    /** @type {(Node | string)[]} */
    const parts = [troubleWords(trouble, this.turn, words)];
    if (trouble.kind === "busy" && trouble.retryAt) {
      const left = h("span", { class: "countdown" });
      const tick = () => {
        const seconds = Math.ceil(((trouble.retryAt ?? 0) - Date.now()) / 1000);
        left.textContent = ` ${seconds > 0 ? words.busyUntil(seconds) : words.busyOver}`;
        if (seconds <= 0) clearInterval(this.#countdown);
        const again = this.actions.querySelector(".again");
        if (seconds > 0) again?.setAttribute("aria-disabled", "true");
        else again?.removeAttribute("aria-disabled");
      };
      this.#countdown = setInterval(tick, 1000);
      // The buttons are drawn after the note.
      queueMicrotask(tick);
      parts.push(left);
    } else if (trouble.requestId) {
      parts.push(h("small", {}, ` ${words.requestId(trouble.requestId)}`));
    }
    return parts;
  }

  #drawSources() {
    const { turn, words } = this;
    if (turn.sources.length === 0 || turn.state === "waiting") return this.sources.replaceChildren();
    const heading = turn.state === "done" && turn.abstained ? words.nearest : words.sources;
    this.sources.replaceChildren(drawSources(turn.sources, this.settings, heading, words.direction, this.hands.follow));
  }

  #drawActions() {
    const { turn, words, hands } = this;
    /** @type {Node[]} */
    const actions = [];
    if (turn.answer) {
      actions.push(iconButton("copy", words.copyAnswer, (event) => copied(event, turn.answer, words, hands.say)));
    }
    if (turn.state === "done" && turn.messageId) actions.push(...drawFeedback(turn, words, hands));
    const again = (/** @type {MouseEvent} */ event) => {
      const button = /** @type {HTMLElement} */ (event.currentTarget);
      if (!button.hasAttribute("aria-disabled")) hands.retry(turn);
    };
    if (turn.state === "done") {
      actions.push(iconButton("again", words.again, again, { class: "icon-button again" }));
    } else {
      actions.push(
        h("button", { type: "button", class: "plain again", onclick: again }, icon("again"), words.again),
        h("button", { type: "button", class: "plain", onclick: () => hands.edit(turn) }, icon("edit"), words.edit),
      );
    }
    return actions;
  }

  /** @param {number} number */
  #cite(number) {
    const source = this.turn.sources[number - 1];
    if (!source) return null;
    const name = this.words.source(number, trail(source));
    return h(
      "a",
      {
        class: "citation",
        href: resolve(source.url, this.settings),
        "aria-label": name,
        title: quoteOf(source) || name,
        onclick: (/** @type {MouseEvent} */ event) => this.hands.follow(source, event),
      },
      String(number),
    );
  }

  /** @param {string} address */
  #link(address) {
    try {
      const href = resolve(address, this.settings);
      const source = this.turn.sources.find(({ url }) => resolve(url, this.settings) === href);
      return source
        ? h("a", { href, onclick: (/** @type {MouseEvent} */ event) => this.hands.follow(source, event) })
        : null;
    } catch {
      return null;
    }
  }

  /**
   * @param {string} code
   * @param {string} language
   */
  #code(code, language) {
    const { words, hands } = this;
    return h(
      "div",
      { class: "code", dir: "ltr" },
      h(
        "div",
        { class: "code-bar" },
        h("span", {}, language),
        iconButton("copy", words.copyCode, (event) => copied(event, code, words, hands.say)),
      ),
      h("pre", { tabindex: 0, role: "group", "aria-label": words.code }, h("code", {}, code)),
    );
  }
}

/**
 * @param {TroubleState} trouble
 * @param {Turn} turn
 * @param {Strings} words
 */
export function troubleWords(trouble, turn, words) {
  switch (trouble.kind) {
    case "offline":
      return words.offline;
    case "away":
      return words.away;
    case "busy":
      return words.busy;
    case "too_long":
      return words.tooLong(QUESTION_LIMIT);
    case "selection_too_long":
      return words.selectionTooLong;
    case "cut":
      return turn.answer ? words.cut : words.brokenOff;
    default:
      return words.rejected;
  }
}

/**
 * @param {MouseEvent} event
 * @param {string} text
 * @param {Strings} words
 * @param {(words: string) => void} say
 */
async function copied(event, text, words, say) {
  const button = /** @type {HTMLElement} */ (event.currentTarget);
  if (!(await copyText(text, button))) return;
  say(words.copied);
  button.replaceChildren(icon("check"));
  setTimeout(() => button.replaceChildren(icon("copy")), 1500);
}

/** What the server keeps of a comment at most. */
const COMMENT_LIMIT = 2000;

/**
 * @param {Turn} turn
 * @param {Strings} words
 * @param {Hands} hands
 */
function drawFeedback(turn, words, hands) {
  const thumbs = h("span", { class: "thumbs" });
  /** @param {"up" | "down"} rating */
  const thumb = (rating) =>
    iconButton(
      rating,
      rating === "up" ? words.good : words.bad,
      async (event) => {
        const actions = thumbs.parentElement;
        const pressed = /** @type {HTMLElement} */ (event.currentTarget);
        try {
          await hands.rate(turn, rating);
        } catch {
          hands.say(words.feedbackFailed);
          pressed.title = words.feedbackFailed;
          return;
        }
        hands.say(words.thanks);
        if (actions) offerComment(actions, turn, rating, words, hands);
      },
      { "aria-pressed": String(turn.rating === rating) },
    );
  thumbs.append(thumb("up"), thumb("down"));
  return [thumbs];
}

/**
 * @param {HTMLElement} actions
 * @param {Turn} turn
 * @param {"up" | "down"} rating
 * @param {Strings} words
 * @param {Hands} hands
 */
function offerComment(actions, turn, rating, words, hands) {
  const label = rating === "up" ? words.commentGood : words.comment;
  const field = h("textarea", { rows: 2, dir: "auto", maxlength: COMMENT_LIMIT, "aria-label": label, placeholder: label });
  const close = () => {
    form.remove();
    /** @type {HTMLElement | null} */ (actions.querySelector(`[aria-pressed="true"]`))?.focus();
  };
  const form = h(
    "form",
    {
      class: "comment",
      onsubmit: async (/** @type {Event} */ event) => {
        event.preventDefault();
        try {
          if (field.value.trim()) await hands.rate(turn, rating, field.value.trim());
          hands.say(words.thanks);
          close();
        } catch {
          hands.say(words.feedbackFailed);
        }
      },
    },
    field,
    h("button", { class: "primary" }, words.send),
    h("button", { type: "button", class: "plain", onclick: close }, words.skip),
  );
  actions.querySelector(".comment")?.remove();
  actions.append(form);
  field.focus();
}

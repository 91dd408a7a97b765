/**
 * The conversation: its turns, the one that is running, and how each can fail and be tried again.
 * Knows the server and the memory; knows nothing of what is drawn. Emits "change" {turn} and "list".
 */

import { lengthOf } from "./language.js";
import { Trouble, troubleFrom } from "./server.js";

/** The server's own limits, told to the reader before the server has to. */
export const QUESTION_LIMIT = 500;
export const SELECTION_LIMIT = 10_000;

/** Tries after the first, and the wait before each. */
export const RETRIES = 3;
const BACKOFF_MS = [500, 1500, 4000];
/** A server may ask for a longer wait, but a reader is not kept waiting for ever. */
const LONGEST_WAIT_MS = 10_000;

/** How often a growing answer is written to the browser's storage. */
const SAVE_EVERY_MS = 500;

export class Conversation extends EventTarget {
  /** @type {Turn[]} */
  turns = [];
  /** @type {string | undefined} */
  sessionId;
  /** @type {AbortController | undefined} */
  #running;
  #savedAt = 0;

  /**
   * @param {import("./server.js").Server} server
   * @param {import("./session.js").Session} session
   * @param {() => Scope} readScope
   */
  constructor(server, session, readScope) {
    super();
    this.server = server;
    this.session = session;
    this.readScope = readScope;
    this.#recall();
    session.watch(() => {
      if (this.busy) return;
      this.#recall();
      this.#emit("list");
    });
    addEventListener("pagehide", () => this.busy && this.#save());
    addEventListener("online", () => {
      const waiting = this.turns.at(-1);
      if (waiting?.trouble?.kind === "offline" && waiting.state === "failed") this.retry(waiting);
    });
  }

  get busy() {
    return this.#running !== undefined;
  }

  /**
   * @param {string} question
   * @param {string} [selectedText]
   */
  ask(question, selectedText) {
    /** @type {Turn} */
    const turn = {
      id: `t${Date.now().toString(36)}${Math.random().toString(36).slice(2, 6)}`,
      question,
      ...(selectedText ? { selectedText } : {}),
      answer: "",
      sources: [],
      state: "waiting",
      attempt: 0,
    };
    this.turns.push(turn);
    this.#emit("list");
    return this.#run(turn);
  }

  /** Asks the turn's question again, in its place. @param {Turn} turn */
  retry(turn) {
    if (this.busy) return;
    for (const key of /** @type {const} */ (["messageId", "rating", "generator", "notice", "abstained"])) {
      delete turn[key];
    }
    Object.assign(turn, { answer: "", sources: [] });
    this.#run(turn);
  }

  stop() {
    this.#running?.abort();
  }

  /** A new conversation; the old one stays on the server until it expires. */
  startAnew() {
    this.stop();
    this.turns = [];
    this.sessionId = undefined;
    this.#save();
    this.#emit("list");
  }

  /** Deletes the conversation on the server, then here. Throws if the server can't be reached. */
  async clear() {
    this.stop();
    if (this.sessionId) await this.server.forget(this.sessionId);
    this.startAnew();
  }

  /**
   * @param {Turn} turn
   * @param {"up" | "down"} rating
   * @param {string} [comment]
   */
  async rate(turn, rating, comment) {
    if (!turn.messageId) return;
    await this.server.rate({
      message_id: turn.messageId,
      ...(this.sessionId ? { session_id: this.sessionId } : {}),
      rating,
      ...(comment ? { comment } : {}),
    });
    turn.rating = rating;
    this.#save();
    this.#emit("rated", turn);
  }

  /**
   * Compares what is remembered here with what the server has: an answer that was cut by leaving
   * the page may have been finished there. Resolves to false if the server has no such session.
   */
  async reconcile() {
    if (!this.sessionId || this.busy) return true;
    /** @type {Message[]} */
    let messages;
    try {
      messages = await this.server.messages(this.sessionId);
    } catch (error) {
      if (!(error instanceof Trouble && error.kind === "gone")) return true;
      this.sessionId = undefined;
      this.#save();
      return false;
    }
    if (this.busy) return true;
    if (this.turns.length === 0) this.turns = turnsOf(messages);
    const last = this.turns.at(-1);
    const [question, answer] = messages.slice(-2);
    if (
      last?.trouble?.kind === "cut" &&
      answer?.role === "assistant" &&
      question?.content === last.question
    ) {
      Object.assign(last, answered(answer), { state: "done", trouble: undefined });
    }
    this.#save();
    this.#emit("list");
    return true;
  }

  #recall() {
    const { sessionId, turns } = this.session.load();
    this.sessionId = sessionId;
    this.turns = turns;
    for (const turn of turns) {
      if (turn.state === "waiting" || turn.state === "streaming") {
        turn.state = "failed";
        turn.trouble = { kind: "cut" };
      }
    }
  }

  /** @param {Turn} turn */
  async #run(turn) {
    const running = new AbortController();
    this.#running = running;
    turn.trouble = undefined;
    this.#emit("ask", turn);
    try {
      for (turn.attempt = 0; ; turn.attempt++) {
        try {
          turn.state = "waiting";
          this.#changed(turn, true);
          await this.#attempt(turn, running.signal);
          break;
        } catch (error) {
          const worthAnother =
            error instanceof Trouble && (error.kind === "away" || error.kind === "cut") && turn.attempt < RETRIES;
          if (running.signal.aborted || !worthAnother) throw error;
          this.#changed(turn);
          const asked = Math.min(LONGEST_WAIT_MS, (error.retryAt ?? 0) - Date.now());
          await pause(Math.max(asked, BACKOFF_MS[turn.attempt] ?? 0), running.signal);
        }
      }
      turn.state = "done";
      this.#emit("answer", turn);
    } catch (error) {
      if (running.signal.aborted) {
        turn.state = "stopped";
      } else {
        turn.state = "failed";
        turn.trouble = error instanceof Trouble ? error.state : { kind: "rejected" };
        this.dispatchEvent(
          new CustomEvent("error", { detail: { code: error instanceof Trouble ? error.code : "unexpected" } }),
        );
      }
    }
    if (this.#running === running) this.#running = undefined;
    if (this.turns.includes(turn)) this.#changed(turn, true);
  }

  /**
   * @param {Turn} turn
   * @param {AbortSignal} signal
   * @returns {Promise<void>}
   */
  async #attempt(turn, signal) {
    if (lengthOf(turn.question) > QUESTION_LIMIT) throw new Trouble("too_long");
    if (lengthOf(turn.selectedText ?? "") > SELECTION_LIMIT) throw new Trouble("selection_too_long");
    if (!navigator.onLine) throw new Trouble("offline");

    const scope = this.readScope();
    let answer = "";
    try {
      for await (const { event, data } of this.server.ask(
        {
          query: turn.question,
          ...(this.sessionId ? { session_id: this.sessionId } : {}),
          mode: turn.selectedText ? "selected_text" : "full_book",
          ...(turn.selectedText ? { selected_text: turn.selectedText } : {}),
          ...(Object.keys(scope).length > 0 ? { scope } : {}),
          stream: true,
        },
        signal,
      )) {
        if (signal.aborted) return;
        if (event === "session") this.sessionId = data.session_id;
        else if (event === "sources") turn.sources = data.sources ?? [];
        else if (event === "error") throw troubleFrom(data.problem ?? data);
        else if (event === "token") {
          // An earlier attempt's words stay in sight until this one has words of its own.
          answer += data.text;
          turn.answer = answer;
          turn.state = "streaming";
        } else if (event === "done") {
          this.sessionId = data.session_id ?? this.sessionId;
          Object.assign(turn, answered(data));
        }
        this.#changed(turn);
      }
    } catch (error) {
      // The session has expired: the question is worth a new one.
      if (error instanceof Trouble && error.kind === "gone" && this.sessionId) {
        this.sessionId = undefined;
        return this.#attempt(turn, signal);
      }
      throw error;
    }
  }

  /**
   * @param {Turn} turn
   * @param {boolean} [lasting] to be remembered at once
   */
  #changed(turn, lasting) {
    if (lasting || Date.now() - this.#savedAt > SAVE_EVERY_MS) this.#save();
    this.#emit("change", turn);
  }

  #save() {
    this.#savedAt = Date.now();
    this.session.saveTurns(this.sessionId, this.turns);
  }

  /**
   * @param {string} name
   * @param {Turn} [turn]
   */
  #emit(name, turn) {
    this.dispatchEvent(new CustomEvent(name, { detail: { turn } }));
  }
}

/**
 * @param {Partial<Answer> & Message} said
 * @returns {Partial<Turn>}
 */
const answered = (said) => ({
  answer: said.answer ?? said.content ?? "",
  sources: said.sources ?? [],
  messageId: said.message_id ?? said.id,
  generator: said.generator,
  notice: said.notice ?? undefined,
  abstained: said.abstained ?? false,
});

/** @param {Message[]} messages */
function turnsOf(messages) {
  /** @type {Turn[]} */
  const turns = [];
  messages.forEach((message, index) => {
    const reply = messages[index + 1];
    if (message.role !== "user" || reply?.role !== "assistant") return;
    turns.push({
      id: `s${index}`,
      question: message.content ?? "",
      state: "done",
      attempt: 0,
      ...{ answer: "", sources: [] },
      ...answered(reply),
    });
  });
  return turns;
}

/**
 * @param {number} ms
 * @param {AbortSignal} signal
 */
const pause = (ms, signal) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });

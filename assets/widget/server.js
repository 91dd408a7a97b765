/** The server's endpoints as functions. Every failure comes out as a Trouble. */

import { readEvents } from "./stream.js";
import { Trouble, troubleOf } from "./trouble.js";

/** How many sections are offered while typing: what fits a phone above its keyboard. */
const RESULTS = 6;

export class Server {
  /** @param {string} api with a slash at its end */
  constructor(api) {
    this.api = api;
  }

  /**
   * @param {string} words
   * @param {Scope} scope
   * @param {AbortSignal} signal
   * @returns {Promise<SearchResult[]>}
   */
  async search(words, scope, signal) {
    const query = new URLSearchParams({ q: words, limit: String(RESULTS) });
    if (scope.locale) query.set("locale", scope.locale);
    if (scope.version) query.set("version", scope.version);
    const response = await this.#send(`search?${query}`, { signal });
    return (await response.json()).results ?? [];
  }

  /**
   * The events of an answer being made. Ends after `done`; otherwise it throws.
   * @param {Question} question
   * @param {AbortSignal} signal
   */
  async *ask(question, signal) {
    const response = await this.#send("query", {
      method: "POST",
      headers: { "content-type": "application/json", accept: "text/event-stream" },
      body: JSON.stringify(question),
      signal,
    });
    // A proxy may have turned the stream into one JSON body.
    if (response.headers.get("content-type")?.includes("application/json")) {
      yield { event: "done", data: await response.json() };
      return;
    }
    if (!response.body) throw new Trouble("cut");
    try {
      for await (const event of readEvents(response.body)) {
        yield event;
        if (event.event === "done") return;
      }
    } catch (error) {
      if (signal.aborted || error instanceof Trouble) throw error;
      throw new Trouble("cut");
    }
    throw new Trouble("cut");
  }

  /**
   * @param {string} id
   * @returns {Promise<Message[]>}
   */
  async messages(id) {
    const response = await this.#send(`sessions/${encodeURIComponent(id)}?limit=100`, { cache: "no-store" });
    const session = await response.json();
    return session.messages ?? session.turns ?? [];
  }

  /** Deletes a session; one that is gone already counts as deleted. @param {string} id */
  async forget(id) {
    try {
      await this.#send(`sessions/${encodeURIComponent(id)}`, { method: "DELETE" });
    } catch (error) {
      if (!(error instanceof Trouble && error.kind === "gone")) throw error;
    }
  }

  /** @param {Feedback} feedback */
  async rate(feedback) {
    await this.#send("feedback", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(feedback),
    });
  }

  /**
   * @param {string} path
   * @param {RequestInit} request
   */
  async #send(path, request) {
    /** @type {Response} */
    let response;
    try {
      response = await fetch(this.api + path, { credentials: "same-origin", ...request });
    } catch (error) {
      if (request.signal?.aborted) throw error;
      throw new Trouble(navigator.onLine ? "away" : "offline");
    }
    if (!response.ok) throw await troubleOf(response);
    return response;
  }
}

/**
 * The server's endpoints as functions. Every failure comes out as a Trouble: what can go wrong,
 * sorted by what a reader can do about it.
 */


/** How many sections are offered while typing: what fits a phone above its keyboard. */
const RESULTS = 6;
/** Messages the server gives at once: even, so that no answer is parted from its question. */
const PAGE = 100;

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
   * The latest messages of a session, oldest first.
   * @param {string} id
   * @returns {Promise<Message[]>}
   */
  async messages(id) {
    /** @param {number} offset */
    const page = async (offset) => {
      const path = `sessions/${encodeURIComponent(id)}?limit=${PAGE}&offset=${offset}`;
      return (await this.#send(path, { cache: "no-store" })).json();
    };
    const first = await page(0);
    return (first.total > PAGE ? await page(first.total - PAGE) : first).messages;
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

export class Trouble extends Error {
  /**
   * @param {TroubleKind} kind
   * @param {{retryAt?: number, requestId?: string, code?: string}} [more]
   */
  constructor(kind, more = {}) {
    super(more.code ?? kind);
    this.kind = kind;
    this.retryAt = more.retryAt;
    this.requestId = more.requestId;
    this.code = more.code ?? kind;
  }

  /** @returns {TroubleState} */
  get state() {
    return { kind: this.kind, retryAt: this.retryAt, requestId: this.requestId };
  }
}

/** Seconds to wait when a server says 429 but not how long. Its window is a minute. */
const BUSY_SECONDS = 60;

/**
 * @param {Response} response
 * @returns {Promise<Trouble>}
 */
async function troubleOf(response) {
  const problem = await response.json().catch(() => ({}));
  return troubleFrom({ ...problem, status: response.status }, response.headers);
}

/**
 * @param {{status?: number, code?: string, request_id?: string, retry_after?: number}} problem
 * @param {Headers} [headers]
 */
export function troubleFrom(problem, headers) {
  const code = problem.code ?? `http_${problem.status ?? 0}`;
  const requestId = problem.request_id ?? headers?.get("x-request-id") ?? undefined;
  const seconds = retryAfter(headers?.get("retry-after")) ?? problem.retry_after;
  /** @type {TroubleKind} */
  let kind = "rejected";
  if (problem.status === 429) kind = "busy";
  else if (problem.status === 413) kind = "selection_too_long";
  else if (problem.status === 404 || problem.status === 410) kind = "gone";
  else if (/too_long|too_large/.test(code)) kind = "too_long";
  else if ([502, 503, 504].includes(problem.status ?? 0)) kind = "away";
  const wait = seconds ?? (kind === "busy" ? BUSY_SECONDS : undefined);
  const retryAt = wait === undefined ? undefined : Date.now() + wait * 1000;
  return new Trouble(kind, { retryAt, requestId, code });
}

/** Seconds or a date, as HTTP allows. @param {string | null | undefined} value */
function retryAfter(value) {
  if (!value) return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return seconds;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - Date.now()) / 1000);
}

/** The server sends a heartbeat every 15 s; three missed ones mean that nobody is there. */
const SILENCE_MS = 45_000;

/**
 * Server-sent events read from a response, because EventSource can't POST.
 * @param {ReadableStream<Uint8Array>} body
 * @returns {AsyncGenerator<{event: string, data: any}>}
 */
async function* readEvents(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await withinSilence(reader.read());
      if (done) return;
      rest += decoder.decode(value, { stream: true });
      // A "\r" at the very end may be half of a "\r\n".
      const whole = rest.endsWith("\r") ? rest.slice(0, -1) : rest;
      const blocks = whole.split(/\r\n\r\n|\n\n|\r\r/);
      rest = (blocks.pop() ?? "") + rest.slice(whole.length);
      for (const block of blocks) {
        const event = parseEvent(block);
        if (event) yield event;
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** @param {string} block */
function parseEvent(block) {
  let event = "message";
  /** @type {string[]} */
  const data = [];
  for (const line of block.split(/\r\n|\n|\r/)) {
    const [, field, value = ""] = /^([^:]+):? ?(.*)$/.exec(line) ?? [];
    if (field === "event") event = value;
    else if (field === "data") data.push(value);
  }
  if (data.length === 0) return null;
  try {
    return { event, data: JSON.parse(data.join("\n")) };
  } catch {
    return null;
  }
}

/**
 * @template T
 * @param {Promise<T>} reading
 * @returns {Promise<T>}
 */
function withinSilence(reading) {
  /** @type {ReturnType<typeof setTimeout>} */
  let timer;
  const silence = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Trouble("cut")), SILENCE_MS);
  });
  return /** @type {Promise<T>} */ (Promise.race([reading, silence])).finally(() => clearTimeout(timer));
}

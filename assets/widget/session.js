/** What survives a reload: the session's id, its turns, and what was typed but not asked. */

/** @typedef {{sessionId?: string, turns: Turn[], draft: string, open?: boolean}} Remembered */

/** Turns kept in the browser; the server keeps them all. */
const KEPT_TURNS = 50;

export class Session {
  /** @param {string} api sessions of different servers don't mix */
  constructor(api) {
    this.key = `rag-chatbot:${api}`;
  }

  /** @returns {Remembered} */
  load() {
    const turns = this.#read(localStorage, "turns") ?? {};
    const tab = this.#read(sessionStorage, "tab") ?? {};
    return {
      sessionId: typeof turns.sessionId === "string" ? turns.sessionId : undefined,
      turns: Array.isArray(turns.turns) ? turns.turns : [],
      draft: typeof tab.draft === "string" ? tab.draft : "",
      open: tab.open === true,
    };
  }

  /**
   * @param {string | undefined} sessionId
   * @param {Turn[]} turns
   */
  saveTurns(sessionId, turns) {
    this.#write(localStorage, "turns", { sessionId, turns: turns.slice(-KEPT_TURNS) });
  }

  /** Only this tab's business. @param {{draft: string, open: boolean}} tab */
  saveTab(tab) {
    this.#write(sessionStorage, "tab", tab);
  }

  /** Calls back when another tab has changed the conversation. @param {() => void} changed */
  watch(changed) {
    addEventListener("storage", (event) => {
      if (event.key === `${this.key}:turns`) changed();
    });
  }

  /**
   * @param {Storage} storage
   * @param {string} name
   */
  #read(storage, name) {
    try {
      return JSON.parse(storage.getItem(`${this.key}:${name}`) ?? "null");
    } catch {
      return null;
    }
  }

  /**
   * @param {Storage} storage
   * @param {string} name
   * @param {object} value
   */
  #write(storage, name, value) {
    try {
      storage.setItem(`${this.key}:${name}`, JSON.stringify(value));
    } catch {
      // Full or forbidden: the conversation then lives as long as the page.
    }
  }
}

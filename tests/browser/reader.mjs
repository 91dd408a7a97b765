/** A reader with a browser: opens pages, uses the widget, and notices what should not happen. */

import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const CHROMIUM = process.env.CHROMIUM_BIN ?? "/usr/bin/chromium";
/** What a slow machine with a debug build may need for one answer. */
const PATIENCE_MS = 30_000;

export const openBrowser = () =>
  chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-dev-shm-usage"] });

export class Reader {
  /** Whatever the browser complained about: script errors, violations of the page's policy, texts without a translation. */
  complaints = [];
  /** Everything the console has shown in red, which a test of trouble may expect. */
  errors = [];
  /** Addresses of everything the page has asked for. */
  requests = [];

  /**
   * @param {import("playwright-core").Browser} browser
   * @param {import("playwright-core").BrowserContextOptions} [options]
   */
  static async arrive(browser, options = {}) {
    const reader = new Reader();
    reader.context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: "reduce", ...options });
    reader.context.setDefaultTimeout(PATIENCE_MS);
    reader.page = await reader.context.newPage();
    reader.page.on("pageerror", (error) => reader.complaints.push(String(error)));
    reader.page.on("console", (message) => {
      if (/Content Security Policy|Refused to|no Urdu for/.test(message.text())) reader.complaints.push(message.text());
      if (message.type() === "error") reader.errors.push(`${message.text()} (${message.location().url})`);
    });
    reader.page.on("request", (request) => reader.requests.push(request.url()));
    return reader;
  }

  async leave() {
    await this.context.close();
    assert.deepEqual(this.complaints, []);
  }

  /** @param {string} address */
  async visit(address) {
    await this.page.goto(address);
    await this.page.locator("rag-chatbot .root").waitFor({ state: "attached" });
  }

  get box() {
    return this.page.locator("rag-chatbot .box textarea");
  }

  get launcher() {
    return this.page.locator("rag-chatbot .launcher");
  }

  get turn() {
    return this.page.locator("rag-chatbot .turn.latest");
  }

  get status() {
    return this.page.locator("rag-chatbot [role=status]");
  }

  async open() {
    await this.launcher.click();
    await this.box.waitFor();
  }

  /** Asks and waits until the turn is in a state. @param {string} question @param {string} [state] */
  async ask(question, state = "done") {
    await this.box.fill(question);
    await this.box.press("Enter");
    await this.page.locator(`rag-chatbot .turn.latest[data-state="${state}"]`, { hasText: question }).waitFor();
    return this.turn;
  }

  /** @param {string} state */
  reached(state) {
    return this.page.locator(`rag-chatbot .turn.latest[data-state="${state}"]`).waitFor();
  }

  /** The text that is marked on the page as quoted; waits for it. */
  async markedText() {
    const found = await this.page.waitForFunction(() => {
      const marks = CSS.highlights.get("rag-chatbot-quote");
      return marks && marks.size > 0 && [...marks].map((range) => range.toString()).join(" ");
    });
    return found.jsonValue();
  }

  /** What has the focus, inside the widget too. */
  focused() {
    return this.page.evaluate(() => {
      let element = document.activeElement;
      while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
      return { tag: element?.tagName.toLowerCase(), name: element?.getAttribute("aria-label") ?? element?.textContent?.trim(), id: element?.id };
    });
  }

  /** Selects a paragraph as a triple click does. @param {string} text */
  async select(text) {
    await this.page.locator("main p", { hasText: text }).first().click({ clickCount: 3 });
  }
}

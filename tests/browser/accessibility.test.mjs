import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { violationsOf } from "./axe.mjs";
import { startBinary } from "./binary.mjs";
import { openBrowser, Reader } from "./reader.mjs";
import { startUpstream } from "./upstream.mjs";

const ENGLISH = { page: "/docs/topics", question: "How do nodes exchange messages over topics?" };
const URDU = { page: "/ur/docs/topics", question: "نوڈ پیغامات کا تبادلہ کیسے کرتے ہیں؟" };
const RICH =
  'Nodes exchange messages over named buses called topics [1].\n\n```python\npublisher = node.create_publisher(String, "chatter", 10)  # a line that is longer than the panel is wide, so that it has to be scrolled\n```\n\n| Kind | Partners |\n|---|---|\n| topic | many |\n\n> A quote\n\n1. one `code`\n2. two';

/** Each state of the widget, reached as a reader reaches it. */
const STATES = {
  closed: async () => {},
  "open and empty": async (reader) => reader.open(),
  "with sections found": async (reader, { language }) => {
    await reader.open();
    await reader.box.pressSequentially(language === URDU ? "بیٹری" : "battery");
    await reader.page.locator("rag-chatbot [role=option]").first().waitFor();
    await reader.box.press("ArrowDown");
  },
  "while an answer is written": async (reader, { upstream, language }) => {
    upstream.hold();
    await reader.open();
    await reader.ask(language.question, "streaming");
  },
  "with an answer": async (reader, { upstream, language }) => {
    if (language === ENGLISH) upstream.says = RICH;
    await reader.open();
    await reader.ask(language.question);
  },
  "with a rating being explained": async (reader, { language }) => {
    await reader.open();
    await reader.ask(language.question);
    await reader.turn.locator(".thumbs button").last().click();
    await reader.turn.locator(".comment textarea").waitFor();
  },
  "with quotes": async (reader, { upstream, language }) => {
    upstream.status = 500;
    await reader.open();
    await reader.ask(language.question);
  },
  "with nothing found": async (reader) => {
    await reader.open();
    await reader.ask("Who won the football world cup in 1966?");
  },
  "in trouble": async (reader, { language }) => {
    await reader.open();
    await reader.context.setOffline(true);
    await reader.ask(language.question, "failed");
  },
  "with too long a question": async (reader) => {
    await reader.open();
    await reader.box.fill("why ".repeat(150));
  },
  "asking whether to delete": async (reader, { language }) => {
    await reader.open();
    await reader.ask(language.question);
    await reader.page.locator("rag-chatbot .head button").nth(2).click();
    await reader.page.locator("rag-chatbot .notice").waitFor();
  },
  "offering to explain a selection": async (reader) => {
    await reader.page.locator("main p").first().click({ clickCount: 3 });
    await reader.page.locator("rag-chatbot .selection-tools:visible").waitFor();
  },
  "asking about a selection": async (reader) => {
    await reader.page.locator("main p").first().click({ clickCount: 3 });
    await reader.page.locator("rag-chatbot .selection-tools button").last().click();
    await reader.page.locator("rag-chatbot .about blockquote").waitFor();
  },
  "as a full page": async (reader, { language, binary }) => {
    await reader.page.goto(`${binary.url}/chat?locale=${language === URDU ? "ur" : "en"}`);
    await reader.box.waitFor();
    await reader.ask(language.question);
  },
};

describe("axe finds no violation of WCAG 2.1 A and AA", () => {
  let upstream, binary, browser;
  before(async () => {
    upstream = await startUpstream();
    binary = await startBinary({ upstream: upstream.url });
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    await binary?.stop();
    upstream?.close();
  });

  for (const [state, reach] of Object.entries(STATES)) {
    for (const language of [ENGLISH, URDU]) {
      for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
        test(`${state}, ${language === URDU ? "Urdu" : "English"}, ${colorScheme}`, async () => {
          upstream.reset();
          const reader = await Reader.arrive(browser, { colorScheme });
          try {
            await reader.visit(binary.url + language.page);
            await reader.page.evaluate((theme) => (document.documentElement.dataset.theme = theme), colorScheme);
            await reach(reader, { upstream, language, binary });
            assert.deepEqual(await violationsOf(reader.page), []);
          } finally {
            upstream.reset();
            await reader.leave();
          }
        });
      }
    }
  }
});

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { violationsOf } from "./axe.mjs";
import { startDocumentation } from "./documentation.mjs";
import { openBrowser, Reader } from "./reader.mjs";

const ENGLISH = "When should I use a service and when an action?";
const URDU = "topic، service اور action میں کیا فرق ہے؟";
const PAGES = [
  { name: "home", path: "/", question: ENGLISH },
  { name: "the Urdu home", path: "/ur/", question: URDU },
  { name: "a chapter", path: "/docs/textbook/ros2", question: ENGLISH },
  { name: "its Urdu twin", path: "/ur/docs/textbook/ros2", question: URDU },
];
const CHATS = [
  { name: "the chat's own page", path: "/chat?locale=en", question: ENGLISH },
  { name: "the chat's own page in Urdu", path: "/chat?locale=ur", question: URDU },
];

describe("axe finds no violation of WCAG 2.1 A and AA in our documentation", () => {
  let binary, browser;
  before(async () => {
    binary = await startDocumentation();
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    await binary?.stop();
  });

  for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
    for (const { name, path, question } of PAGES) {
      test(`${name}, ${colorScheme}, with the widget closed and open`, async () => {
        const reader = await Reader.arrive(browser, { colorScheme });
        await reader.visit(binary.url + path);
        await reader.page.locator(`html[data-has-hydrated=true][data-theme=${colorScheme}]`).waitFor({ state: "attached" });
        assert.deepEqual(await violationsOf(reader.page), []);
        await reader.open();
        const turn = await reader.ask(question);
        await turn.locator(".source").first().waitFor();
        assert.equal(await reader.page.locator("rag-chatbot .root.dark").count(), colorScheme === "dark" ? 1 : 0);
        assert.deepEqual(await violationsOf(reader.page), []);
        await reader.leave();
      });
    }
    for (const { name, path, question } of CHATS) {
      test(`${name}, ${colorScheme}, empty and with an answer`, async () => {
        const reader = await Reader.arrive(browser, { colorScheme });
        await reader.visit(binary.url + path);
        await reader.box.waitFor();
        assert.deepEqual(await violationsOf(reader.page), []);
        const turn = await reader.ask(question);
        await turn.locator(".source").first().waitFor();
        assert.deepEqual(await violationsOf(reader.page), []);
        await reader.leave();
      });
    }
  }
});

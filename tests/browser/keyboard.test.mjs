import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { startBinary } from "./binary.mjs";
import { openBrowser, Reader } from "./reader.mjs";

describe("with the keyboard alone", () => {
  let binary, browser, reader;
  before(async () => {
    binary = await startBinary();
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    await binary?.stop();
  });
  beforeEach(async () => {
    reader = await Reader.arrive(browser);
    await reader.visit(`${binary.url}/docs/topics`);
  });
  afterEach(() => reader.leave());

  test("a reader opens, asks, goes round, follows a source and comes back", async () => {
    const { keyboard } = reader.page;
    await keyboard.press("/");
    await reader.box.waitFor();
    assert.equal((await reader.focused()).tag, "textarea");
    assert.equal(await reader.box.inputValue(), "");
    await keyboard.type("How should the battery be stored?");
    await keyboard.press("Enter");
    await reader.reached("done");
    assert.equal((await reader.focused()).tag, "textarea", "asking leaves the focus in the box");

    // All the way round, without ever leaving the dialog.
    const seen = [];
    do {
      await keyboard.press("Tab");
      const { tag, name } = await reader.focused();
      assert.notEqual(tag, "body");
      seen.push(`${tag}: ${name}`);
      assert.ok(seen.length < 60, `the box is never reached again: ${seen.join(", ")}`);
    } while (!seen.at(-1).startsWith("textarea"));
    for (const name of ["Close", "Copy the answer", "Good answer", "Ask again"]) {
      assert.ok(seen.some((stop) => stop.endsWith(name)), `${name} is not reached: ${seen.join(", ")}`);
    }

    await reader.turn.locator(".source").first().focus();
    await keyboard.press("Enter");
    await reader.page.waitForURL("**/docs/battery#**");
    await reader.markedText();
  });

  test("Escape puts the sections away first, then closes, and gives the focus back", async () => {
    const { keyboard } = reader.page;
    await reader.launcher.focus();
    await keyboard.press("Enter");
    await reader.box.waitFor();
    await keyboard.type("battery");
    const sections = reader.page.locator("rag-chatbot [role=listbox]");
    await sections.waitFor();
    await keyboard.press("Escape");
    await sections.waitFor({ state: "hidden" });
    assert.equal(await reader.box.inputValue(), "battery");
    await keyboard.press("Escape");
    await reader.box.waitFor({ state: "hidden" });
    assert.equal((await reader.focused()).name, "Ask the docs");
  });

  test("the slash opens nothing while the reader types elsewhere", async () => {
    await reader.page.evaluate(() => {
      const field = document.createElement("input");
      document.querySelector("main").append(field);
      field.focus();
    });
    await reader.page.keyboard.type("a/b");
    assert.equal(await reader.page.evaluate(() => document.activeElement.value), "a/b");
    assert.equal(await reader.page.locator("rag-chatbot dialog[open]").count(), 0);
  });

  test("Ctrl-K opens the widget only where the page has no search", async () => {
    await reader.page.evaluate(() => {
      const search = document.createElement("input");
      search.type = "search";
      search.id = "own";
      document.querySelector("main").append(search);
    });
    await reader.page.keyboard.press("Control+k");
    assert.equal(await reader.page.locator("rag-chatbot dialog[open]").count(), 0);
    await reader.page.evaluate(() => document.querySelector("#own").remove());
    await reader.page.keyboard.press("Control+k");
    await reader.box.waitFor();
  });

  test("a screen reader hears that an answer is sought and what it is, not every word", async () => {
    await reader.open();
    await reader.page.evaluate(() => {
      window.said = [];
      const status = document.querySelector("rag-chatbot").shadowRoot.querySelector("[role=status]");
      const listen = () => status.textContent && window.said.push(status.textContent);
      new MutationObserver(listen).observe(status, { childList: true });
    });
    await reader.ask("How should the battery be stored?");
    await reader.page.waitForFunction(() => window.said.some((text) => text.startsWith("Answer, with")));
    const said = await reader.page.evaluate(() => window.said);
    assert.match(said.at(-1), /half of its charge/);
    assert.ok(said.length <= 4, said.join(" | "));
  });
});

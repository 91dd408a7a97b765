import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { startBinary } from "./binary.mjs";
import { openBrowser, Reader } from "./reader.mjs";

/** Marks compared without the signs and spaces that Markdown and pages treat differently. */
const letters = (text) => text.replace(/[^\p{L}\p{N}]/gu, "");

describe("following a source", () => {
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
  });
  afterEach(() => reader.leave());

  test("on another page opens the heading and marks the quoted passage", async () => {
    await reader.visit(`${binary.url}/docs/battery`);
    await reader.open();
    const turn = await reader.ask("How do nodes exchange messages over topics?");
    const source = turn.locator('.source[href$="/docs/topics#topics"]').first();
    const quote = await source.locator("q").innerText();
    await source.click();
    await reader.page.waitForURL("**/docs/topics#topics");
    const marked = await reader.markedText();
    assert.ok(letters(quote).includes(letters(marked)) || letters(marked).includes(letters(quote)), `${quote} ≠ ${marked}`);
    assert.match(marked, /named buses/);
    await reader.page.waitForFunction(() => document.activeElement?.id === "topics");
  });

  test("on the same page marks the passage at once, and keeps the conversation for later", async () => {
    await reader.visit(`${binary.url}/docs/topics`);
    await reader.open();
    const turn = await reader.ask("How do nodes exchange messages over topics?");
    await turn.locator(".answer a.citation").first().click();
    assert.match(await reader.markedText(), /named buses/);
    await reader.box.waitFor({ state: "hidden" });
    await reader.open();
    assert.match(await reader.turn.innerText(), /named buses/);
  });

  test("in Urdu marks the Urdu passage", async () => {
    await reader.visit(`${binary.url}/ur/docs/battery`);
    await reader.open();
    const turn = await reader.ask("نوڈ پیغامات کا تبادلہ کیسے کرتے ہیں؟");
    await turn.locator(".source", { hasText: "پیغامات کا تبادلہ" }).first().click();
    await reader.page.waitForURL(/\/ur\/docs\/topics/);
    assert.match(await reader.markedText(), /پیغامات کا تبادلہ/);
  });
});

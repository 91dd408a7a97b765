import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { startBinary } from "./binary.mjs";
import { openBrowser, Reader } from "./reader.mjs";
import { startUpstream } from "./upstream.mjs";

const QUESTION = "How do nodes exchange messages over topics?";

describe("memory", () => {
  let upstream, binary, browser, reader;
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
  beforeEach(async () => {
    upstream.reset();
    reader = await Reader.arrive(browser);
    await reader.visit(`${binary.url}/docs/topics`);
  });
  afterEach(() => reader.leave());

  test("the conversation survives a reload and goes on in the same session", async () => {
    await reader.open();
    await reader.ask(QUESTION);
    await reader.page.reload();
    await reader.box.waitFor();
    assert.match(await reader.turn.innerText(), /named buses/);
    const asked = reader.page.waitForRequest((request) => request.url().endsWith("/query"));
    await reader.ask("And which work do services suit?");
    assert.equal(typeof JSON.parse((await asked).postData()).session_id, "string");
    assert.equal(await reader.page.locator("rag-chatbot .turn").count(), 2);
  });

  test("the conversation goes along to another page", async () => {
    await reader.open();
    await reader.ask(QUESTION);
    await reader.page.keyboard.press("Escape");
    await reader.visit(`${binary.url}/docs/battery`);
    await reader.open();
    assert.match(await reader.turn.innerText(), /named buses/);
  });

  test("an answer cut by a reload says so and can be asked again", async () => {
    upstream.hold();
    await reader.open();
    await reader.ask(QUESTION, "streaming");
    await reader.page.reload();
    await reader.reached("failed");
    assert.match(await reader.turn.innerText(), /cut off|broke off/);
    upstream.reset();
    await reader.turn.getByRole("button", { name: "Ask again" }).click();
    await reader.reached("done");
    assert.match(await reader.turn.innerText(), /named buses/);
  });

  test("what was typed but not asked survives a reload", async () => {
    await reader.open();
    await reader.box.fill("half a ques");
    await reader.page.reload();
    await reader.box.waitFor();
    assert.equal(await reader.box.inputValue(), "half a ques");
  });

  test("a session that the server no longer has is said to have ended, and a new one begins", async () => {
    await reader.open();
    await reader.ask(QUESTION);
    const id = await reader.page.evaluate(() =>
      Object.entries(localStorage).flatMap(([key, value]) => (key.endsWith(":turns") ? [JSON.parse(value).sessionId] : [])),
    );
    assert.ok((await fetch(`${binary.url}/sessions/${id[0]}`, { method: "DELETE" })).ok);
    await reader.page.reload();
    await reader.page.locator("rag-chatbot .notice", { hasText: "has ended" }).waitFor();
    await reader.ask("How should the battery be stored?");
    assert.match(await reader.turn.innerText(), /half of its charge/);
  });
});

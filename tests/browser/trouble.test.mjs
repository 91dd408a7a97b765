import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { startBinary } from "./binary.mjs";
import { openBrowser, Reader } from "./reader.mjs";
import { startUpstream } from "./upstream.mjs";

const QUESTION = "How do nodes exchange messages over topics?";

describe("trouble", () => {
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
    await reader.open();
  });
  afterEach(() => reader.leave());

  test("a server killed in the middle of an answer and started again finishes it", async () => {
    upstream.hold();
    const turn = await reader.ask(QUESTION, "streaming");
    const partial = await turn.locator(".answer").innerText();
    await binary.kill();
    await turn.locator(".note", { hasText: "Trying again" }).waitFor();
    assert.equal(await turn.locator(".answer").innerText(), partial);
    upstream.release();
    await binary.start();
    // Its three tries may be over before a slow machine is up again; then the reader has the fourth.
    const done = reader.reached("done");
    const failed = reader.reached("failed").then(() => turn.getByRole("button", { name: "Ask again" }).click(), () => {});
    await Promise.race([done, failed]);
    await done;
    assert.match(await turn.locator(".answer").innerText(), /named buses/);
  });

  test("a server that stays away is said to be away, and the question is kept", async () => {
    await binary.kill();
    try {
      const turn = await reader.ask(QUESTION, "failed");
      assert.match(await turn.locator(".note").innerText(), /does not answer/);
      assert.match(await turn.innerText(), /How do nodes exchange/);
    } finally {
      await binary.start();
    }
    await reader.turn.getByRole("button", { name: "Ask again" }).click();
    await reader.reached("done");
  });

  test("a widget that can't be fetched says so, and opens once it can", async () => {
    // Somebody who has never opened it, so that the browser has kept nothing of it.
    const newcomer = await Reader.arrive(browser);
    await newcomer.visit(`${binary.url}/docs/topics`);
    await newcomer.launcher.waitFor();
    await binary.kill();
    try {
      await newcomer.launcher.click();
      await newcomer.page.locator("rag-chatbot [role=alert]", { hasText: "does not answer" }).waitFor();
    } finally {
      await binary.start();
    }
    await newcomer.launcher.click();
    await newcomer.box.waitFor();
    assert.equal(await newcomer.page.locator("rag-chatbot [role=alert]").count(), 0);
    await newcomer.leave();
  });

  test("offline, the question waits for the connection", async () => {
    await reader.context.setOffline(true);
    const turn = await reader.ask(QUESTION, "failed");
    assert.match(await turn.locator(".note").innerText(), /offline/);
    await reader.context.setOffline(false);
    await reader.reached("done");
  });

  test("a question that is too long stays in the box, with its length", async () => {
    const long = "why ".repeat(150).trim();
    await reader.box.fill(long);
    await reader.box.press("Enter");
    const counter = reader.page.locator("rag-chatbot .counter");
    assert.match(await counter.innerText(), /599\/500/);
    assert.match(await counter.innerText(), /500 characters at most/);
    assert.equal(await reader.box.inputValue(), long);
    assert.equal(await reader.turn.count(), 0);
  });
});

describe("too many questions", () => {
  let binary, browser, reader;
  before(async () => {
    binary = await startBinary({ environment: { RATE_LIMIT_QUERIES_PER_MINUTE: "2" } });
    browser = await openBrowser();
    reader = await Reader.arrive(browser);
  });
  after(async () => {
    await reader?.leave();
    await browser?.close();
    await binary?.stop();
  });

  test("are answered with a countdown, after which the same question can be asked again", async () => {
    await reader.page.clock.install();
    await reader.visit(`${binary.url}/docs/topics`);
    await reader.open();
    await reader.ask(QUESTION);
    await reader.ask("How should the battery be stored?");
    const turn = await reader.ask("What is an action for?", "failed");
    assert.match(await turn.locator(".note").innerText(), /many questions in a short time\. You can ask again in \d+ seconds?\./);
    const again = turn.getByRole("button", { name: "Ask again" });
    assert.equal(await again.getAttribute("aria-disabled"), "true");
    assert.match(await turn.innerText(), /What is an action for\?/);
    await reader.page.clock.fastForward(61_000);
    await turn.locator(".note", { hasText: "You can ask again now." }).waitFor();
    assert.equal(await again.getAttribute("aria-disabled"), null);
  });
});

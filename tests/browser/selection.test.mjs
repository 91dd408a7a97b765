import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { startBinary } from "./binary.mjs";
import { openBrowser, Reader } from "./reader.mjs";

describe("selected text", () => {
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

  const asked = () => reader.page.waitForRequest((request) => request.url().endsWith("/query"));

  test("offers to explain it", async () => {
    await reader.select("A service is a request");
    const [request] = await Promise.all([asked(), reader.page.getByRole("button", { name: "Explain this" }).click()]);
    const body = JSON.parse(request.postData());
    assert.equal(body.mode, "selected_text");
    assert.match(body.selected_text, /^A service is a request/);
    await reader.reached("done");
    assert.match(await reader.turn.locator("blockquote").first().innerText(), /A service is a request/);
  });

  test("can be asked about, and only it is asked", async () => {
    await reader.select("A service is a request");
    await reader.page.getByRole("button", { name: "Ask about this" }).click();
    await reader.box.waitFor();
    assert.match(await reader.page.locator("rag-chatbot .about").innerText(), /A service is a request/);
    const request = asked();
    await reader.ask("How many replies does a service give?");
    assert.equal(JSON.parse((await request).postData()).mode, "selected_text");
    assert.match(await reader.turn.locator(".answer").innerText(), /exactly one reply/);
  });

  test("goes with the question when the widget is opened by its key", async () => {
    await reader.select("A service is a request");
    await reader.page.getByRole("button", { name: "Explain this" }).waitFor();
    await reader.page.keyboard.press("/");
    await reader.page.locator("rag-chatbot .about blockquote").waitFor();
  });

  test("in a field of the page offers nothing", async () => {
    await reader.page.evaluate(() => {
      const field = document.createElement("textarea");
      field.value = "words of the reader's own";
      document.querySelector("main").append(field);
      field.select();
      field.focus();
    });
    // A paragraph selected afterwards is offered; so the field's turn has passed without an offer.
    assert.equal(await reader.page.locator("rag-chatbot .selection-tools:visible").count(), 0);
    await reader.select("A service is a request");
    await reader.page.locator("rag-chatbot .selection-tools:visible").waitFor();
  });
});

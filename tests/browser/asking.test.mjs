import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { startBinary } from "./binary.mjs";
import { openBrowser, Reader } from "./reader.mjs";
import { startUpstream } from "./upstream.mjs";

describe("asking", () => {
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
    reader = await Reader.arrive(browser, { permissions: ["clipboard-read", "clipboard-write"] });
    await reader.visit(`${binary.url}/docs/topics`);
  });
  afterEach(() => reader.leave());

  test("typing shows matching sections, and the arrow keys and Enter open one", async () => {
    await reader.open();
    await reader.box.pressSequentially("battery charging");
    const option = reader.page.locator("rag-chatbot [role=option]", { hasText: "Charging" }).first();
    await option.waitFor();
    while ((await option.getAttribute("aria-selected")) !== "true") await reader.box.press("ArrowDown");
    assert.equal(await reader.box.getAttribute("aria-activedescendant"), await option.getAttribute("id"));
    await reader.box.press("Enter");
    await reader.page.waitForURL("**/docs/battery#charging");
  });

  test("a question in English is answered with sources that say page, heading and quote", async () => {
    await reader.open();
    const turn = await reader.ask("How do nodes exchange messages over topics?");
    assert.match(await turn.locator(".answer").innerText(), /named buses/);
    await turn.locator(".answer a.citation").first().waitFor();
    const source = turn.locator(".source", { hasText: "Topics" }).first();
    assert.match(await source.locator(".trail").innerText(), /Topics and services › .*Topics/);
    assert.ok((await source.locator("q").innerText()).length > 10);
    assert.match(await source.getAttribute("href"), /\/docs\/topics#topics$/);
    assert.equal(upstream.prompts.length > 0, true);
  });

  test("words appear while the answer is still being written, and can be stopped", async () => {
    upstream.hold();
    await reader.open();
    const turn = await reader.ask("How do nodes exchange messages over topics?", "streaming");
    assert.notEqual((await turn.locator(".answer").innerText()).trim(), "");
    assert.equal(await turn.locator(".answer").getAttribute("aria-busy"), "true");
    await reader.page.getByRole("button", { name: "Stop" }).click();
    await reader.reached("stopped");
    upstream.reset();
    await turn.getByRole("button", { name: "Ask again" }).click();
    await reader.reached("done");
    assert.match(await turn.locator(".answer").innerText(), /named buses/);
  });

  test("markup, images and foreign links in an answer come out as text", async () => {
    upstream.says =
      'Nodes exchange messages over named buses called topics [1]. <img src=x onerror="window.hurt=1"> ![look](https://evil.example/x.png) [here](https://evil.example/) <script>window.hurt=1</script>';
    await reader.open();
    const turn = await reader.ask("How do nodes exchange messages over topics?");
    assert.equal(await turn.locator(".answer img, .answer script").count(), 0);
    assert.equal(await turn.locator('.answer a[href*="evil"]').count(), 0);
    assert.equal(await reader.page.evaluate(() => window.hurt), undefined);
    assert.deepEqual(reader.requests.filter((address) => !address.startsWith(binary.url) && !address.startsWith("blob:")), []);
  });

  test("code in an answer can be copied alone, and the answer whole", async () => {
    upstream.says =
      'Nodes exchange messages over named buses called topics [1].\n\n```python\npublisher = node.create_publisher(String, "chatter", 10)\n```\n';
    await reader.open();
    const turn = await reader.ask("How do nodes exchange messages over topics?");
    const clipboard = () => reader.page.evaluate(() => navigator.clipboard.readText());
    await turn.getByRole("button", { name: "Copy the code" }).click();
    assert.equal(await clipboard(), 'publisher = node.create_publisher(String, "chatter", 10)');
    await turn.getByRole("button", { name: "Copy the answer" }).click();
    await reader.page.waitForFunction(() => navigator.clipboard.readText().then((text) => text.includes("named buses")));
  });

  test("an answer can be rated with a comment", async () => {
    await reader.open();
    const turn = await reader.ask("How do nodes exchange messages over topics?");
    const rated = () => reader.page.waitForResponse((response) => response.url().endsWith("/feedback"));
    let [response] = await Promise.all([rated(), turn.getByRole("button", { name: "Bad answer" }).click()]);
    assert.equal(response.status(), 204);
    await turn.locator(".comment textarea").fill("Too short.");
    [response] = await Promise.all([rated(), turn.getByRole("button", { name: "Send" }).click()]);
    assert.equal(response.status(), 204);
    assert.deepEqual(JSON.parse(response.request().postData()).comment, "Too short.");
    assert.equal(await turn.getByRole("button", { name: "Bad answer" }).getAttribute("aria-pressed"), "true");
  });

  test("a conversation is exported as Markdown, begun anew, and cleared on the server too", async () => {
    await reader.open();
    await reader.ask("How do nodes exchange messages over topics?");
    const [file] = await Promise.all([
      reader.page.waitForEvent("download"),
      reader.page.getByRole("button", { name: "Export as Markdown" }).click(),
    ]);
    const text = await readFile(await file.path(), "utf8");
    assert.match(text, /## How do nodes exchange messages over topics\?/);
    assert.match(text, /1\. \[.*\]\(http.*\/docs\/topics#topics\)/);

    const session = await reader.page.evaluate(() =>
      Object.entries(localStorage).flatMap(([key, value]) => (key.endsWith(":turns") ? [JSON.parse(value).sessionId] : [])),
    );
    assert.equal((await fetch(`${binary.url}/sessions/${session[0]}`)).status, 200);
    await reader.page.getByRole("button", { name: "Clear the conversation" }).click();
    await reader.page.getByRole("button", { name: "Delete", exact: true }).click();
    await reader.turn.waitFor({ state: "detached" });
    assert.equal((await fetch(`${binary.url}/sessions/${session[0]}`)).status, 404);

    await reader.ask("How should the battery be stored?");
    await reader.page.getByRole("button", { name: "New chat" }).click();
    await reader.turn.waitFor({ state: "detached" });
  });

  test("the owner's analytics hear what happened, without the words", async () => {
    await reader.page.evaluate(() => {
      window.heard = [];
      for (const name of ["query", "answer", "feedback", "error"]) {
        document.addEventListener(`rag-chatbot:${name}`, (event) => window.heard.push([name, event.detail]));
      }
    });
    await reader.open();
    await reader.ask("How do nodes exchange messages over topics?");
    const heard = await reader.page.evaluate(() => window.heard);
    assert.deepEqual(heard.map(([name]) => name), ["query", "answer"]);
    assert.doesNotMatch(JSON.stringify(heard), /exchange|buses/);
  });

  test("the full page at /chat answers as well, and leads back to the documentation", async () => {
    await reader.page.goto(`${binary.url}/chat?locale=en`);
    await reader.box.waitFor();
    const turn = await reader.ask("How do nodes exchange messages over topics?");
    assert.match(await turn.locator(".answer").innerText(), /named buses/);
    await reader.page.getByRole("link", { name: "To the documentation" }).click();
    await reader.page.waitForURL(`${binary.url}/`);
  });

  test("when the generator fails, quotes are shown and said to be quotes", async () => {
    upstream.status = 500;
    await reader.open();
    const turn = await reader.ask("How do nodes exchange messages over topics?");
    assert.equal(await turn.locator(".label").innerText(), "Quoted from the docs");
    assert.match(await turn.locator(".answer").innerText(), /named buses/);
    assert.notEqual(await turn.locator(".note").innerText(), "");
  });
});

describe("asking without a generator", () => {
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

  test("answers are quotes and say so", async () => {
    await reader.open();
    const turn = await reader.ask("How should the battery be stored?");
    assert.equal(await turn.locator(".label").innerText(), "Quoted from the docs");
    assert.match(await turn.locator(".answer").innerText(), /half of its charge/);
  });

  test("what the docs don't say is not found, and the nearest pages are named", async () => {
    await reader.open();
    const turn = await reader.ask("Who won the football world cup in 1966?");
    assert.equal(await turn.locator(".label").innerText(), "Not found in the docs");
    assert.equal(await turn.locator(".sources h3").innerText(), "Nearest pages");
  });
});

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { startDocumentation } from "./documentation.mjs";
import { openBrowser, Reader } from "./reader.mjs";

const CHAPTER = "/docs/textbook/ros2";
const QUESTION = "How do nodes find one another in ROS 2?";
const URDU_QUESTION = "ROS 2 میں nodes ایک دوسرے کو کیسے ڈھونڈ لیتے ہیں؟";

/** Marks compared without the signs and spaces that Markdown and pages treat differently. */
const letters = (text) => text.replace(/[^\p{L}\p{N}]/gu, "");

/** Whether the mark is below the bar that stays on top, and above the window's end. Runs in the page. */
const inSight = () => {
  const [first] = CSS.highlights.get("rag-chatbot-quote");
  const { top, bottom, height } = first.getBoundingClientRect();
  return height > 0 && top >= document.querySelector(".navbar").getBoundingClientRect().bottom && bottom <= innerHeight;
};

describe("on a site built by Docusaurus", () => {
  let binary, browser, reader;
  before(async () => {
    binary = await startDocumentation();
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    await binary?.stop();
  });
  beforeEach(async () => {
    reader = await Reader.arrive(browser);
  });
  afterEach(async () => {
    const elsewhere = reader.requests.filter((address) => /^https?:/.test(address) && !address.startsWith(`${binary.url}/`));
    const { errors } = reader;
    await reader.leave();
    assert.deepEqual(elsewhere, [], "requests to other origins");
    assert.deepEqual(errors, [], "errors in the console");
  });

  /** Opens a page and waits until Docusaurus's scripts have it in hand. @param {string} path */
  async function visit(path) {
    await reader.visit(binary.url + path);
    await reader.page.locator("html[data-has-hydrated=true]").waitFor({ state: "attached" });
  }

  const root = () => reader.page.locator("rag-chatbot .root");
  const colours = (selector) =>
    reader.page.locator(selector).first().evaluate((element) => getComputedStyle(element).backgroundColor);
  const asked = () => reader.page.waitForRequest((request) => request.url().endsWith("/query")).then((request) => request.postDataJSON());

  for (const [path, language, direction] of [
    ["/", "en", "ltr"],
    ["/docs/", "en", "ltr"],
    [CHAPTER, "en", "ltr"],
    [`${CHAPTER}/`, "en", "ltr"],
    ["/ur/", "ur", "rtl"],
    ["/ur/docs/", "ur", "rtl"],
    [`/ur${CHAPTER}`, "ur", "rtl"],
  ]) {
    test(`${path} has one widget, in the language of the page`, async () => {
      await visit(path);
      await reader.launcher.waitFor();
      assert.equal(await reader.page.locator("rag-chatbot").count(), 1);
      assert.deepEqual([await root().getAttribute("lang"), await root().getAttribute("dir")], [language, direction]);
    });
  }

  test("nothing of the widget but its small start is fetched before the page is painted or loaded", async () => {
    await visit(CHAPTER);
    const { shown, files } = await reader.page.evaluate(() => ({
      shown: Math.min(
        performance.getEntriesByName("first-contentful-paint")[0].startTime,
        performance.getEntriesByType("navigation")[0].loadEventStart,
      ),
      files: performance.getEntriesByType("resource").filter(({ name }) => name.includes("/_rag/")).map(({ name, startTime, encodedBodySize }) => ({ name, startTime, encodedBodySize })),
    }));
    const early = files.filter(({ startTime }) => startTime < shown);
    assert.deepEqual(early.map(({ name }) => name.split("/").at(-1)), ["start.js"]);
    assert.ok(early[0].encodedBodySize < 1000, JSON.stringify(early));
    assert.ok(files.some(({ name }) => name.endsWith("/widget.js")));
  });

  test("an address that holds nothing gets the build's own page, with the widget, in the language of the address", async () => {
    for (const [path, language, text] of [
      ["/docs/nothing", "en", /Page Not Found/],
      ["/ur/docs/nothing", "ur", /صفحہ/],
    ]) {
      const response = await reader.page.goto(binary.url + path);
      assert.equal(response.status(), 404);
      await reader.launcher.waitFor();
      assert.equal(await root().getAttribute("lang"), language);
      assert.match(await reader.page.locator("main").innerText(), text);
    }
    // Chromium shows the status of the page itself in red.
    assert.equal(reader.errors.length, 2);
    reader.errors.length = 0;
  });

  test("a question on an English page is answered from English pages", async () => {
    await visit(CHAPTER);
    await reader.open();
    const [request, turn] = await Promise.all([asked(), reader.ask(QUESTION)]);
    assert.equal(request.scope.locale, "en");
    assert.match(await turn.locator(".answer").innerText(), /without a central master/);
    await turn.locator(".answer a.citation").first().waitFor();
    for (const source of await turn.locator(".source").all()) assert.match(await source.getAttribute("href"), /:\d+\/docs\//);
  });

  test("a question on the Urdu twin is answered from Urdu pages, leftward", async () => {
    await visit(`/ur${CHAPTER}`);
    await reader.open();
    const [request, turn] = await Promise.all([asked(), reader.ask(URDU_QUESTION)]);
    assert.equal(request.scope.locale, "ur");
    assert.match(await turn.locator(".answer").innerText(), /مرکزی master کے بغیر/);
    const paragraph = turn.locator(".answer p").first();
    assert.equal(await paragraph.evaluate((element) => getComputedStyle(element).direction), "rtl");
    for (const source of await turn.locator(".source").all()) assert.match(await source.getAttribute("href"), /:\d+\/ur\/docs\//);
  });

  for (const [language, from, question] of [
    ["English", "/docs/textbook/safety", QUESTION],
    ["Urdu", "/ur/docs/textbook/safety", URDU_QUESTION],
  ]) {
    test(`a citation in ${language} opens its page at the heading, with the passage marked and in sight`, async () => {
      await visit(from);
      await reader.open();
      const turn = await reader.ask(question);
      const source = turn.locator('.source[href*="/textbook/ros2#"]').first();
      const [quote, address] = [await source.locator("q").innerText(), await source.getAttribute("href")];
      await source.click();
      await reader.page.waitForURL(address);
      const marked = await reader.markedText();
      assert.ok(letters(quote).includes(letters(marked)) || letters(marked).includes(letters(quote)), `${quote} ≠ ${marked}`);
      const heading = decodeURIComponent(new URL(address).hash.slice(1));
      await reader.page.waitForFunction((id) => document.activeElement?.id === id, heading);
      await reader.page.waitForFunction(inSight);
    });
  }

  test("a citation of the page being read marks the passage without loading the page again", async () => {
    await visit(CHAPTER);
    await reader.page.evaluate(() => (window.stayed = true));
    await reader.open();
    const turn = await reader.ask(QUESTION);
    await turn.locator(`.source[href*="${CHAPTER}#"]`).first().click();
    assert.match(await reader.markedText(), /central master/);
    await reader.box.waitFor({ state: "hidden" });
    assert.equal(await reader.page.evaluate(() => window.stayed), true);
  });

  test("a link that Docusaurus follows itself leaves the widget in place, with its session", async () => {
    await visit(CHAPTER);
    await reader.page.evaluate(() => (window.stayed = true));
    await reader.open();
    await reader.ask(QUESTION);
    const session = await reader.page.evaluate(
      () => Object.entries(localStorage).flatMap(([key, value]) => (key.endsWith(":turns") ? [JSON.parse(value).sessionId] : []))[0],
    );
    await reader.page.keyboard.press("Escape");
    await reader.page.locator('.menu__link[href="/docs/textbook/simulation"]').click();
    await reader.page.waitForURL("**/docs/textbook/simulation");
    assert.equal(await reader.page.evaluate(() => window.stayed), true, "the page was not loaded anew");
    assert.equal(await reader.page.locator("rag-chatbot").count(), 1);
    await reader.open();
    assert.match(await reader.turn.innerText(), /central master/);
    const [request] = await Promise.all([asked(), reader.ask("What does a simulator compute?")]);
    assert.equal(request.session_id, session);
    assert.equal(await reader.page.locator("rag-chatbot .turn").count(), 2);
  });

  for (const [place, path] of [
    ["on the page being read", "/docs/textbook/physical-ai"],
    ["on another page", "/docs/textbook/safety"],
  ]) {
    test(`a passage in a tab that is not shown, ${place}, is brought to light`, async () => {
      await visit(path);
      await reader.open();
      const turn = await reader.ask("Does a network that maps observations to actions cope with pictures and with mess?");
      await turn.locator('.source[href$="#model-based-and-learned"]', { hasText: /copes with pictures|maps observations/ }).first().click();
      await reader.page.waitForURL("**/docs/textbook/physical-ai#model-based-and-learned");
      assert.match(await reader.markedText(), /copes with pictures|maps observations/);
      await reader.page.locator('[role=tab][aria-selected="true"]', { hasText: "Learned" }).waitFor();
      await reader.page.waitForFunction(inSight);
    });
  }

  test("a browser that cannot highlight selects the passage instead", async () => {
    await reader.context.addInitScript(() => Object.defineProperty(CSS, "highlights", { value: undefined }));
    await visit("/docs/textbook/safety");
    await reader.open();
    const turn = await reader.ask(QUESTION);
    await turn.locator('.source[href*="/textbook/ros2#"]').first().click();
    await reader.page.waitForURL("**/docs/textbook/ros2#**");
    await reader.page.waitForFunction(() => /central master/.test(String(getSelection())));
  });

  test("marks are gone with the page they were on", async () => {
    await visit(CHAPTER);
    await reader.open();
    const turn = await reader.ask(QUESTION);
    await turn.locator(`.source[href*="${CHAPTER}#"]`).first().click();
    await reader.markedText();
    await reader.page.locator('.menu__link[href="/docs/textbook/control"]').click();
    await reader.page.locator("h1", { hasText: "Control" }).waitFor();
    const shown = await reader.page.evaluate(() =>
      [...(CSS.highlights.get("rag-chatbot-quote") ?? [])].map((range) => range.toString()).filter(Boolean),
    );
    assert.deepEqual(shown, []);
  });

  test("the language menu leads to the twin, where the widget speaks the other language and knows the conversation", async () => {
    await visit(CHAPTER);
    await reader.open();
    await reader.ask(QUESTION);
    await reader.page.keyboard.press("Escape");
    await reader.page.locator(".navbar .dropdown", { hasText: "English" }).hover();
    await reader.page.locator('.navbar .dropdown__link[lang="ur"]').click();
    await reader.page.waitForURL(`**/ur${CHAPTER}`);
    await reader.page.locator('rag-chatbot .root[lang="ur"]').waitFor({ state: "attached" });
    await reader.open();
    assert.match(await reader.turn.innerText(), /central master/);
    const [request, turn] = await Promise.all([asked(), reader.ask(URDU_QUESTION)]);
    assert.equal(request.scope.locale, "ur");
    assert.match(await turn.locator(".source").first().getAttribute("href"), /\/ur\/docs\//);
  });

  test("a reload keeps the messages, and the widget open", async () => {
    await visit(CHAPTER);
    await reader.open();
    await reader.ask(QUESTION);
    await reader.page.reload();
    await reader.box.waitFor();
    assert.match(await reader.turn.innerText(), /central master/);
    await reader.turn.locator(".source").first().waitFor();
  });

  test("the colours follow Docusaurus's switch", async () => {
    await visit(CHAPTER);
    await reader.open();
    const light = await colours("rag-chatbot dialog.panel");
    await reader.page.keyboard.press("Escape");
    const switcher = reader.page.locator(".navbar button[class*=toggleButton]");
    for (let presses = 0; presses < 3 && (await reader.page.locator("html[data-theme=dark]").count()) === 0; presses++) {
      await switcher.click();
    }
    await reader.page.locator("rag-chatbot .root.dark").waitFor({ state: "attached" });
    await reader.open();
    const dark = await colours("rag-chatbot dialog.panel");
    assert.notEqual(dark, light);
    // The choice is remembered, and so are the colours.
    await reader.page.reload();
    await reader.box.waitFor();
    assert.equal(await colours("rag-chatbot dialog.panel"), dark);
  });

  test("a selected paragraph can be explained", async () => {
    await visit(CHAPTER);
    await reader.select("The middleware is behind an interface called RMW");
    const [request] = await Promise.all([
      asked(),
      reader.page.getByRole("button", { name: "Explain this" }).click(),
    ]);
    assert.equal(request.mode, "selected_text");
    assert.match(request.selected_text, /RMW_IMPLEMENTATION/);
    await reader.reached("done");
  });

  for (const path of ["/", CHAPTER, `/ur${CHAPTER}`]) {
    test(`on a phone nothing sticks out of ${path}, and the widget fills the screen`, async () => {
      await reader.leave();
      reader = await Reader.arrive(browser, { viewport: { width: 390, height: 780 }, isMobile: true, hasTouch: true });
      await visit(path);
      const sizes = () =>
        reader.page.evaluate(() => {
          const { shadowRoot } = document.querySelector("rag-chatbot");
          const shown = shadowRoot.querySelector("dialog[open]") ?? shadowRoot.querySelector(".launcher");
          const { left, width } = shown.getBoundingClientRect();
          return { left, right: left + width, page: document.documentElement.scrollWidth };
        });
      const closed = await sizes();
      assert.equal(closed.page, 390);
      assert.ok(closed.left >= 0 && closed.right <= 390, JSON.stringify(closed));
      await reader.launcher.tap();
      await reader.box.waitFor();
      await reader.ask(path.startsWith("/ur") ? URDU_QUESTION : QUESTION);
      assert.deepEqual(await sizes(), { left: 0, right: 390, page: 390 });
    });
  }

  test("sections are found while typing, and open at their heading", async () => {
    await visit("/docs/");
    await reader.page.keyboard.press("/");
    await reader.box.pressSequentially("quality of service");
    const option = reader.page.locator("rag-chatbot [role=option]", { hasText: "Quality of service" }).first();
    await option.click();
    await reader.page.waitForURL("**/docs/textbook/ros2#quality-of-service");
    await reader.page.locator("#quality-of-service").waitFor();
  });

  test("what was found on a page of one version is not shown on a page of another", async () => {
    await visit("/docs/");
    const searched = () => reader.page.waitForResponse((response) => response.url().includes("/search?")).then((response) => new URL(response.url()).searchParams.get("locale"));
    const look = async () => {
      await reader.open();
      const [locale] = await Promise.all([searched(), reader.box.fill("topics")]);
      await reader.page.keyboard.press("Escape");
      await reader.page.keyboard.press("Escape");
      return locale;
    };
    assert.equal(await look(), "en");
    // Docusaurus's own links change the page and its meta tags without loading another.
    await reader.page.evaluate(() => document.querySelector('meta[name="docusaurus_locale"]').setAttribute("content", "ur"));
    assert.equal(await look(), "ur");
  });
});

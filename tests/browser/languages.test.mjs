import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { startBinary } from "./binary.mjs";
import { openBrowser, Reader } from "./reader.mjs";
import { startUpstream } from "./upstream.mjs";

const QUESTION = "نوڈ پیغامات کا تبادلہ کیسے کرتے ہیں؟";

describe("languages and sizes", () => {
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
  afterEach(async () => {
    upstream.reset();
    await reader.leave();
  });

  test("on an Urdu page the widget speaks Urdu, runs leftward and answers from the Urdu pages", async () => {
    reader = await Reader.arrive(browser);
    await reader.visit(`${binary.url}/ur/docs/topics`);
    await reader.open();
    const root = reader.page.locator("rag-chatbot .root");
    assert.equal(await root.getAttribute("dir"), "rtl");
    assert.equal(await root.getAttribute("lang"), "ur");
    const asked = reader.page.waitForRequest((request) => request.url().endsWith("/query"));
    const turn = await reader.ask(QUESTION);
    assert.equal(JSON.parse((await asked).postData()).scope.locale, "ur");
    assert.match(await turn.locator(".answer").innerText(), /پیغامات کا تبادلہ/);
    assert.match(await turn.locator(".source").first().getAttribute("href"), /\/ur\/docs\/topics/);
    assert.equal(await turn.locator(".sources h3").innerText(), "حوالے");
  });

  test("Latin terms in an Urdu answer keep their order, and an answer that begins with one still runs leftward", async () => {
    upstream.says = "ROS 2 میں نوڈ C++ اور /cmd_vel کے ساتھ topics کے ذریعے پیغامات کا تبادلہ کرتے ہیں [1]۔";
    reader = await Reader.arrive(browser);
    await reader.visit(`${binary.url}/ur/docs/topics`);
    await reader.open();
    const turn = await reader.ask(QUESTION);
    const paragraph = turn.locator(".answer p").first();
    assert.equal(await paragraph.evaluate((element) => getComputedStyle(element).direction), "rtl");
    const isolated = await paragraph.locator("bdi").allInnerTexts();
    for (const term of ["ROS 2", "C++", "/cmd_vel"]) assert.ok(isolated.includes(term), `${term} is not among ${isolated}`);
  });

  test("an Urdu question on an English page is laid out leftward in an English widget", async () => {
    reader = await Reader.arrive(browser);
    await reader.visit(`${binary.url}/docs/topics`);
    await reader.open();
    const turn = await reader.ask(QUESTION);
    assert.equal(await turn.locator(".question p").getAttribute("dir"), "rtl");
    assert.equal(await reader.page.locator("rag-chatbot .root").getAttribute("dir"), "ltr");
  });

  for (const [name, path] of [["an English", "/docs/topics"], ["an Urdu", "/ur/docs/topics"]]) {
    test(`on a phone ${name} conversation fills the screen and nothing sticks out of it`, async () => {
      reader = await Reader.arrive(browser, { viewport: { width: 320, height: 640 }, isMobile: true, hasTouch: true });
      await reader.visit(binary.url + path);
      await reader.launcher.tap();
      await reader.box.waitFor();
      await reader.ask(path.startsWith("/ur") ? QUESTION : "How do nodes exchange messages over topics?");
      const sizes = await reader.page.evaluate(() => {
        const root = document.querySelector("rag-chatbot").shadowRoot;
        const dialog = root.querySelector("dialog").getBoundingClientRect();
        const scroller = root.querySelector(".scroller");
        return { left: dialog.left, width: dialog.width, over: scroller.scrollWidth - scroller.clientWidth, page: innerWidth };
      });
      assert.deepEqual({ left: sizes.left, width: sizes.width, over: sizes.over }, { left: 0, width: sizes.page, over: 0 });
    });
  }

  test("at 200 % zoom everything is still in sight", async () => {
    // A window of half the size is what zooming to 200 % does to a layout.
    reader = await Reader.arrive(browser, { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 });
    await reader.visit(`${binary.url}/docs/topics`);
    await reader.open();
    await reader.ask("How do nodes exchange messages over topics?");
    for (const name of ["Close", "Ask", "New chat"]) {
      const rectangle = await reader.page.locator("rag-chatbot").getByRole("button", { name, exact: true }).boundingBox();
      assert.ok(rectangle.x >= 0 && rectangle.x + rectangle.width <= 640 && rectangle.y >= 0 && rectangle.y + rectangle.height <= 400, name);
    }
  });
});

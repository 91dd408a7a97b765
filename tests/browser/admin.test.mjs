import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { violationsOf } from "./axe.mjs";
import { startBinary } from "./binary.mjs";
import { openBrowser, Reader } from "./reader.mjs";
import { startUpstream } from "./upstream.mjs";

const KEY = "an-admin-key-for-the-browser";
const VIEWS = ["overview", "charts", "gaps", "conversations", "usage", "keys", "audit"];
const UNANSWERED = "Who won the football world cup in 1966?";
const ANSWERED = "How do nodes exchange messages over topics?";
/** Figures are kept every 15 seconds, and a slow machine may miss a beat. */
const FIGURES_MS = 120_000;

describe("the operators' page", () => {
  let upstream, binary, browser;
  before(async () => {
    upstream = await startUpstream();
    binary = await startBinary({ upstream: upstream.url, environment: { RAG_ADMIN_KEY: KEY, RAG_MODEL_PRICES: "test=1/2" } });
    browser = await openBrowser();
    for (const question of [ANSWERED, UNANSWERED, "Who won the world cup of football in 1966?", ANSWERED]) await ask(question);
  });
  after(async () => {
    await browser?.close();
    await binary?.stop();
    upstream?.close();
  });

  const ask = async (query) => {
    const response = await fetch(`${binary.url}/query`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ query }) });
    assert.equal(response.status, 200);
    return response.json();
  };

  /** @param {import("playwright-core").BrowserContextOptions} [options] */
  const operator = async (options) => {
    const reader = await Reader.arrive(browser, { acceptDownloads: true, ...options });
    await reader.page.goto(`${binary.url}/admin`);
    return reader;
  };
  const enter = async (reader) => {
    await reader.page.getByLabel("Admin key").fill(KEY);
    await reader.page.getByRole("button", { name: "Open" }).click();
    await reader.page.locator("#view .headline").waitFor();
  };
  const open = async (reader, view) => {
    await reader.page.locator(`#house nav a[href="#${view}"]`).click();
    await reader.page.locator(`#view[data-view="${view}"]`).waitFor();
  };

  test("a wrong key is refused and not kept", async () => {
    const reader = await operator();
    await reader.page.getByLabel("Admin key").fill("rk_wrong");
    await reader.page.getByRole("button", { name: "Open" }).click();
    await reader.page.getByRole("alert").filter({ hasText: "does not exist" }).waitFor();
    assert.equal(await reader.page.locator("#house").isVisible(), false);
    assert.equal(await reader.page.evaluate(() => sessionStorage.length), 0);
    await reader.leave();
  });

  test("a key opens it until the tab is closed, and signing out forgets it", async () => {
    const reader = await operator();
    await enter(reader);
    await reader.page.reload();
    await reader.page.locator("#view .headline").waitFor();
    assert.deepEqual(await reader.page.evaluate(() => [localStorage.length, document.cookie]), [0, ""]);
    const other = await reader.context.newPage();
    await other.goto(`${binary.url}/admin`);
    await other.getByLabel("Admin key").waitFor();
    await reader.page.getByRole("button", { name: "Sign out" }).click();
    await reader.page.getByLabel("Admin key").waitFor();
    assert.equal(await reader.page.evaluate(() => sessionStorage.length), 0);
    await reader.leave();
  });

  test("charts show what was asked", async () => {
    const reader = await operator();
    await enter(reader);
    const answers = reader.page.locator(".chart", { has: reader.page.getByRole("heading", { name: "Answers", exact: true }) });
    const deadline = Date.now() + FIGURES_MS;
    const drawn = () => answers.getByRole("img", { name: /answered: now [\d.]+\/min, at most (?!0\/min)[\d.]+\/min/ });
    while ((await drawn().count()) === 0) {
      assert.ok(Date.now() < deadline, await answers.getByRole("img").getAttribute("aria-label"));
      await ask(ANSWERED);
      await reader.page.waitForTimeout(500);
    }
    assert.ok((await answers.locator("path").count()) > 0);
    for (const name of ["Performance", "Errors", "Resources"]) {
      await open(reader, "charts");
      await reader.page.getByRole("button", { name }).click();
      await reader.page.locator(`.choice button[aria-pressed="true"]`, { hasText: name }).waitFor();
      assert.equal(await reader.page.locator(".chart").count(), 6);
    }
    await reader.leave();
  });

  test("gaps are listed, exported and marked as done", async () => {
    const reader = await operator();
    await enter(reader);
    await open(reader, "gaps");
    const gap = reader.page.locator(".gap", { hasText: "1966" });
    assert.equal(await gap.count(), 1, "two wordings are one gap");
    await gap.getByText("1 more that mean the same").click();
    for (const [button, name] of [["Export CSV", "documentation-gaps.csv"], ["Export JSON", "documentation-gaps.json"]]) {
      const saving = reader.page.waitForEvent("download");
      await reader.page.getByRole("button", { name: button }).click();
      const saved = await saving;
      assert.equal(saved.suggestedFilename(), name);
      assert.match(await readFile(await saved.path(), "utf8"), /football world cup in 1966/);
    }
    await gap.getByRole("button", { name: "Done" }).click();
    await gap.waitFor({ state: "detached" });
    await reader.page.getByRole("button", { name: "Done", exact: true }).click();
    await gap.getByRole("button", { name: "Open again" }).click();
    await reader.page.getByRole("button", { name: "Open", exact: true }).click();
    await gap.waitFor();
    await reader.leave();
  });

  test("a conversation is read, also an older one, and who read it stands in the log", async () => {
    await ask(UNANSWERED);
    for (let batch = 0; batch < 5; batch += 1) await Promise.all(Array.from({ length: 10 }, () => ask(ANSWERED)));
    const reader = await operator();
    await enter(reader);
    await open(reader, "conversations");
    await reader.page.getByRole("link", { name: "Older conversations" }).click();
    await reader.page.getByRole("link", { name: "Newest conversations" }).waitFor();
    await reader.page.getByRole("link", { name: UNANSWERED }).first().click();
    await reader.page.locator(".turns .assistant").waitFor();
    await open(reader, "audit");
    await reader.page.getByText("conversation.read").first().waitFor();
    await reader.leave();
  });

  test("what the model cost is told by day", async () => {
    const reader = await operator();
    await enter(reader);
    await open(reader, "usage");
    const row = reader.page.locator("tbody tr").first();
    assert.match(await row.innerText(), /\d{4}-\d\d-\d\d\s+test\s+openai/);
    assert.match(await row.innerText(), /\$\d/);
    await reader.leave();
  });

  test("everything can be reached with the keyboard", async () => {
    const reader = await operator();
    await reader.page.getByLabel("Admin key").waitFor();
    await reader.page.keyboard.type(KEY);
    await reader.page.keyboard.press("Enter");
    await reader.page.locator("#view .headline").waitFor();
    for (const view of VIEWS.slice(1)) {
      await reader.page.locator(`#house nav a[href="#${view}"]`).focus();
      await reader.page.keyboard.press("Enter");
      await reader.page.locator(`#view[data-view="${view}"]`).waitFor();
    }
    await reader.leave();
  });

  for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
    for (const [size, viewport] of Object.entries({ wide: { width: 1280, height: 800 }, narrow: { width: 360, height: 740 } })) {
      test(`axe finds nothing in any view, ${colorScheme}, ${size}`, async () => {
        const reader = await operator({ colorScheme, viewport });
        assert.deepEqual(await violationsOf(reader.page), [], "the door");
        await enter(reader);
        for (const view of VIEWS) {
          await open(reader, view);
          assert.deepEqual(await violationsOf(reader.page), [], view);
          const overflow = await reader.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          assert.ok(overflow <= 0, `${view} is ${overflow} px too wide`);
        }
        await reader.leave();
      });

      if (colorScheme === "light") {
        test(`in Urdu all of it goes from right to left, and English is a link away, ${size}`, async () => {
          await ask(UNANSWERED);
          const reader = await operator({ viewport, locale: "ur-PK" });
          const { page } = reader;
          const isWell = async (what) => {
            assert.deepEqual(await violationsOf(page), [], what);
            assert.deepEqual(await page.evaluate(() => [document.documentElement.lang, getComputedStyle(document.body).direction]), ["ur", "rtl"], what);
            const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
            assert.ok(overflow <= 0, `${what} is ${overflow} px too wide`);
          };
          await page.getByLabel("منتظم کی کلید").waitFor();
          await isWell("the door");
          await page.locator("#key").fill(KEY);
          await page.keyboard.press("Enter");
          await page.locator("#view .headline").waitFor();
          for (const view of VIEWS) {
            await open(reader, view);
            await isWell(view);
          }
          await open(reader, "conversations");
          await page.getByRole("link", { name: UNANSWERED }).first().click();
          await page.locator(".turns .assistant").waitFor();
          await isWell("a conversation");
          for (const name of ["کارکردگی", "غلطیاں", "وسائل"]) {
            await open(reader, "charts");
            await page.getByRole("button", { name }).click();
            await page.locator(`.choice button[aria-pressed="true"]`, { hasText: name }).waitFor();
          }
          await page.locator("header .language a").click();
          await page.getByRole("heading", { name: "Charts" }).waitFor();
          assert.equal(await page.locator("html").getAttribute("dir"), "ltr");
          await reader.leave();
        });
      }

      test(`axe finds nothing on the status page, ${colorScheme}, ${size}`, async () => {
        for (const locale of ["en-GB", "ur-PK"]) {
          const reader = await Reader.arrive(browser, { colorScheme, viewport, locale });
          await reader.page.goto(`${binary.url}/status`);
          assert.equal(await reader.page.locator("html").getAttribute("lang"), locale.slice(0, 2));
          assert.deepEqual(await violationsOf(reader.page), []);
          const overflow = await reader.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          assert.ok(overflow <= 0, `${overflow} px too wide`);
          await reader.leave();
        }
      });
    }
  }
});

describe("the status page", () => {
  test("says that answers are quoted while the model fails, and shows it by itself", async () => {
    const upstream = await startUpstream();
    const binary = await startBinary({ upstream: upstream.url });
    const browser = await openBrowser();
    try {
      const reader = await Reader.arrive(browser, { locale: "en-GB" });
      await reader.page.goto(`${binary.url}/status`);
      await reader.page.locator(".headline.well").waitFor();
      upstream.status = 500;
      const deadline = Date.now() + FIGURES_MS;
      while ((await reader.page.locator(".headline.ill").count()) === 0) {
        assert.ok(Date.now() < deadline, await reader.page.locator("main").innerText());
        await fetch(`${binary.url}/query`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ query: ANSWERED }) });
        await reader.page.waitForTimeout(500);
      }
      await reader.page.getByText("answers are quoted from the documentation").waitFor();
      await reader.leave();
    } finally {
      await browser.close();
      await binary.stop();
      upstream.close();
    }
  });
});

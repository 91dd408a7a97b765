import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { builtPage, startDocumentation } from "./documentation.mjs";
import { openBrowser, Reader } from "./reader.mjs";

/** Pages opened at a time: the widget looks for a quote for a second or two, which is waiting and no work. */
const TABS = 4;
/** Questions per locale, about both books; the last of each are about neither. */
const QUESTIONS = JSON.parse(await readFile(new URL("citations.questions.json", import.meta.url), "utf8"));

describe("every citation and every nearest page", () => {
  let binary, browser, reader;
  /** Path of a page → what is cited of it: headings, and the words quoted. @type {Map<string, Map<string, Set<string>>>} */
  const cited = new Map();
  const counted = { questions: 0, answered: 0, abstained: 0, citations: 0 };

  before(async () => {
    binary = await startDocumentation();
    browser = await openBrowser();
    reader = await Reader.arrive(browser);
    for (const [locale, questions] of Object.entries(QUESTIONS)) {
      for (const question of questions) collect(question, await ask(question, locale));
    }
  });
  after(async () => {
    await reader?.leave();
    await browser?.close();
    await binary?.stop();
  });

  async function ask(query, locale) {
    const response = await fetch(`${binary.url}/query`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query, scope: { locale } }),
    });
    assert.equal(response.status, 200, query);
    return response.json();
  }

  function collect(question, { answer, abstained, sources }) {
    assert.ok(sources.length > 0, `neither a source nor a nearest page: ${question}`);
    counted.questions += 1;
    counted[abstained ? "abstained" : "answered"] += 1;
    for (const [, number] of answer.matchAll(/\[(\d+)\]/g)) {
      assert.ok(sources.some(({ id }) => id === Number(number)), `[${number}] leads nowhere: ${question}`);
    }
    for (const { url, quote } of sources) {
      counted.citations += 1;
      const { pathname, hash } = new URL(url, binary.url);
      const headings = cited.get(pathname) ?? cited.set(pathname, new Map()).get(pathname);
      const quotes = headings.get(hash) ?? headings.set(hash, new Set()).get(hash);
      if (quote) quotes.add(quote);
    }
  }

  test("was collected from questions in both languages about both books, and about neither", () => {
    assert.ok(counted.questions >= 40, JSON.stringify(counted));
    assert.ok(counted.abstained > 0 && counted.answered > counted.abstained, JSON.stringify(counted));
    for (const part of ["/docs/textbook/", "/ur/docs/textbook/", "/docs/setup/", "/ur/docs/setup/"]) {
      assert.ok([...cited.keys()].some((path) => path.startsWith(part)), `nothing below ${part} is cited`);
    }
  });

  test("opens a page of the build, at a heading that is there, and its quote is found on it", async () => {
    const left = [...cited];
    const wrong = [];
    let headings = 0;
    const read = async () => {
      const page = await reader.context.newPage();
      for (let next = left.pop(); next; next = left.pop()) {
        const [path, anchors] = next;
        headings += anchors.size;
        wrong.push(...(await whatIsWrong(page, path, anchors)));
      }
    };
    await Promise.all(Array.from({ length: TABS }, read));
    console.log(JSON.stringify({ ...counted, pages: cited.size, headings, wrong: wrong.length }));
    assert.deepEqual(wrong, []);
  });

  /** Opens a page and looks for all that is cited of it, as the widget does. */
  async function whatIsWrong(page, path, anchors) {
    if (!existsSync(builtPage(path))) return [`${path} is not in the build`];
    const response = await page.goto(binary.url + path);
    if (response.status() !== 200) return [`${path} has status ${response.status()}`];
    await page.locator("html[data-has-hydrated=true]").waitFor({ state: "attached" });
    const wanted = [...anchors].map(([hash, quotes]) => ({ hash, id: decodeURIComponent(hash.slice(1)), quotes: [...quotes] }));
    return page.evaluate(
      async ({ path, wanted }) => {
        const { mark } = await import("/_rag/marking.js");
        const looked = wanted.flatMap(({ hash, id, quotes }) => [
          id === "" || document.getElementById(id) ? "" : `${path}${hash} is no heading`,
          ...quotes.map(async (quote) => ((await mark(quote, hash)) ? "" : `${path}${hash} does not hold the quote: ${quote}`)),
        ]);
        return (await Promise.all(looked)).filter(Boolean);
      },
      { path, wanted },
    );
  }
});

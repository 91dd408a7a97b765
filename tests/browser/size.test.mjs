import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, describe, test } from "node:test";
import { startBinary } from "./binary.mjs";
import { openBrowser, Reader } from "./reader.mjs";

/** The promise to site owners: scripts, styles and the words of both languages together. */
const LIMIT_BYTES = 30_000;

describe("the widget's weight", () => {
  let binary, browser;
  before(async () => {
    binary = await startBinary();
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    await binary?.stop();
  });

  test("is at most 30 KB of gzip for everything it can do in both languages", async () => {
    const reader = await Reader.arrive(browser);
    for (const [path, question] of [
      ["/docs/topics", "How do nodes exchange messages over topics?"],
      ["/ur/docs/topics", "نوڈ پیغامات کا تبادلہ کیسے کرتے ہیں؟"],
    ]) {
      await reader.visit(binary.url + path);
      await reader.page.locator("main p").first().click({ clickCount: 3 });
      await reader.page.locator("rag-chatbot .selection-tools:visible").waitFor();
      await reader.open();
      await reader.ask(question);
      await reader.turn.locator(".source").first().click();
      await reader.markedText();
    }
    const loaded = new Set(reader.requests.filter((address) => /\/_rag\/.*\.js/.test(address)));
    await reader.leave();
    const sizes = await Promise.all([...loaded].map(async (address) => [address, await gzipSize(address)]));
    const total = sizes.reduce((sum, [, size]) => sum + size, 0);
    console.log(`${total} bytes of gzip in ${sizes.length} files`);
    assert.ok(sizes.length > 2 && total <= LIMIT_BYTES, `${total} bytes: ${sizes.join(", ")}`);
  });
});

/** Bytes of a body as sent to a browser that takes gzip only. @param {string} address */
const gzipSize = (address) =>
  new Promise((resolve, reject) => {
    request(address, { headers: { "accept-encoding": "gzip" } }, (response) => {
      let size = 0;
      response.on("data", (part) => (size += part.length));
      response.on("end", () => (response.statusCode === 200 ? resolve(size) : reject(new Error(`${address}: ${response.statusCode}`))));
    })
      .on("error", reject)
      .end();
  });

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { startBinary } from "./binary.mjs";
import { openBrowser, Reader } from "./reader.mjs";

describe("on a site of another origin", () => {
  let site, address, binary, browser, reader;
  before(async () => {
    site = createServer((_, response) => {
      response.writeHead(200, {
        "content-type": "text/html; charset=utf-8",
        // As strict as a site can be that lets the widget in.
        "content-security-policy": `default-src 'none'; script-src ${binary.url}; connect-src ${binary.url}`,
      });
      response.end(`<!doctype html><html lang="en"><head><title>Elsewhere</title>
        <script type="module" src="${binary.url}/_rag/widget.js" data-api="${binary.url}"></script></head>
        <body><main><h1>Elsewhere</h1><p>A page of somebody else.</p></main></body></html>`);
    }).listen(0, "127.0.0.1");
    await once(site, "listening");
    address = `http://localhost:${site.address().port}/`;
    binary = await startBinary({ environment: { ALLOWED_ORIGINS_STR: new URL(address).origin } });
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    await binary?.stop();
    site?.close();
  });
  beforeEach(async () => {
    reader = await Reader.arrive(browser);
    await reader.visit(address);
    await reader.open();
  });
  afterEach(() => reader.leave());

  test("one script tag brings the widget, and it asks its own server and nobody else", async () => {
    const turn = await reader.ask("How should the battery be stored?");
    assert.match(await turn.locator(".answer").innerText(), /half of its charge/);
    const origins = new Set(reader.requests.map((request) => new URL(request).origin));
    assert.deepEqual([...origins].sort(), [new URL(address).origin, binary.url].sort());
  });

  test("its sources lead to the documentation", async () => {
    const turn = await reader.ask("How should the battery be stored?");
    await turn.locator(".source").first().click();
    await reader.page.waitForURL(`${binary.url}/docs/battery#**`);
  });

  test("searching works over CORS too", async () => {
    await reader.box.pressSequentially("battery");
    await reader.page.locator("rag-chatbot [role=option]").first().waitFor();
  });
});

/** The binary under a prefix, behind a real nginx: one that takes the prefix off, one that leaves it on. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { startBinary } from "../browser/binary.mjs";

const BASE = "/manual/";

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** A path after `proxy_pass`'s address is what makes nginx take the prefix off. */
function configuration(folder, upstream, stripping, leaving) {
  const server = (port, pass, more) => `
    server {
      listen 127.0.0.1:${port};
      location ${BASE} { proxy_pass ${pass}; proxy_http_version 1.1; proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; ${more} }
    }`;
  return `daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr warn;
  events {}
  http {
    access_log off;
    client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
    uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
    ${server(stripping, `${upstream}/`, "proxy_set_header X-Forwarded-Prefix /manual;")}
    ${server(leaving, upstream, "")}
  }`;
}

describe("behind a proxy", () => {
  let binary, nginx, folder;
  const urls = {};
  before(async () => {
    binary = await startBinary({ arguments: ["--base-path", BASE] });
    folder = await mkdtemp(join(tmpdir(), "rag-chatbot-nginx-"));
    const [stripping, leaving] = [await freePort(), await freePort()];
    const file = join(folder, "nginx.conf");
    await writeFile(file, configuration(folder, binary.url, stripping, leaving));
    nginx = spawn("nginx", ["-c", file, "-p", folder], { stdio: ["ignore", "ignore", "inherit"] });
    urls["that takes the prefix off"] = `http://127.0.0.1:${stripping}${BASE}`;
    urls["that leaves the prefix on"] = `http://127.0.0.1:${leaving}${BASE}`;
    for (const url of Object.values(urls)) {
      while (!(await fetch(`${url}livez`).then((answer) => answer.ok, () => false))) {
        assert.equal(nginx.exitCode, null, "nginx has ended");
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  });
  after(async () => {
    nginx?.kill();
    await binary?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  for (const kind of ["that takes the prefix off", "that leaves the prefix on"]) {
    test(`pages, widget and links work behind one ${kind}`, async () => {
      const url = urls[kind];
      const page = await (await fetch(url, { headers: { accept: "text/html" } })).text();
      assert.match(page, new RegExp(`src="${BASE}_rag/[0-9a-f]+/start\\.js" data-api="${BASE}"`));
      const origin = new URL(url).origin;
      for (const [, href] of page.matchAll(/href="(\/[^"]*)"/g)) {
        const answer = await fetch(origin + href);
        assert.equal(answer.status, 200, href);
        await answer.arrayBuffer();
      }
      const widget = await fetch(`${url}_rag/widget.js`);
      assert.equal(widget.status, 200);
      assert.match(widget.headers.get("content-type"), /javascript/);
    });

    test(`an answer streams as it is made behind one ${kind}`, async () => {
      const url = urls[kind];
      const answer = await fetch(`${url}query`, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "text/event-stream" },
        body: JSON.stringify({ query: "How do nodes exchange messages over topics?" }),
      });
      assert.equal(answer.headers.get("content-type"), "text/event-stream");
      const events = (await answer.text()).split("\n\n").map((block) => /^event: ?(.*)$/m.exec(block)?.[1]).filter(Boolean);
      assert.deepEqual([events[0], events[1], events.at(-1)], ["session", "sources", "done"]);
    });
  }
});

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { BUILD, startDocumentation } from "./documentation.mjs";

const FILES = readdirSync(BUILD, { recursive: true }).filter((name) => statSync(join(BUILD, name)).isFile());
const SCRIPT = FILES.find((name) => /^assets\/js\/main\.[0-9a-f]{8}\.js$/.test(name));
const PAGES = FILES.filter((name) => name.endsWith(".html"));
/** How the build writes the names of files that never change. */
const HASHED = /^(?:ur\/)?assets\/.*(?:\.[0-9a-f]{8}\.(?:js|css)|-[0-9a-f]{32}\.\w+)/;
const TEXT = /\.(?:html|js|css|svg|xml|txt|json)$/;
/** Smaller bodies fit one packet as they are. */
const WORTH_COMPRESSING_BYTES = 1024;

describe("the build over HTTP", () => {
  let binary;
  before(async () => {
    binary = await startDocumentation();
  });
  after(() => binary?.stop());

  /** A request as it is, with nothing decoded, followed or added. @returns {Promise<{status: number, headers: Record<string, string>, body: Buffer}>} */
  const send = (path, headers = {}, method = "GET") =>
    new Promise((resolve, reject) => {
      const sent = httpRequest(binary.url, { path, headers, method }, (response) => {
        const parts = [];
        response.on("data", (part) => parts.push(part));
        response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) }));
      });
      sent.on("error", reject).end();
    });

  const unpacked = ({ headers, body }) =>
    ({ br: brotliDecompressSync, gzip: gunzipSync })[headers["content-encoding"]]?.(body) ?? body;

  test("every file is sent whole, compressed where that helps, under a strong tag that spares the next transfer", async () => {
    assert.ok(FILES.length > 100, `${FILES.length} files`);
    for (const file of FILES) {
      const path = `/${file.split("/").map(encodeURIComponent).join("/")}`;
      const bytes = readFileSync(join(BUILD, file));
      const tags = new Set();
      for (const [accepted, expected] of [["", undefined], ["gzip", "gzip"], ["gzip, deflate, br, zstd", "br"]]) {
        const answer = await send(path, { "accept-encoding": accepted });
        assert.equal(answer.status, 200, file);
        const packed = TEXT.test(file) && bytes.length >= WORTH_COMPRESSING_BYTES;
        assert.equal(answer.headers["content-encoding"], packed ? expected : undefined, `${file} for ${accepted}`);
        assert.match(answer.headers.vary, /accept-encoding/i, file);
        const { etag } = answer.headers;
        assert.match(etag, /^"[^"]+"$/, file);
        tags.add(etag);
        // A page has got the widget's tag and is otherwise as it was.
        const text = unpacked(answer);
        const page = file.endsWith(".html");
        const same = page ? text.toString().replace(/<script type="module" async src="\/_rag\/[^>]*><\/script>/, "") === bytes.toString() : text.equals(bytes);
        assert.ok(same, `${file} is not what was built`);
        const immutable = HASHED.test(file);
        assert.equal(answer.headers["cache-control"], immutable ? "public, max-age=31536000, immutable" : "no-cache", file);

        const again = await send(path, { "accept-encoding": accepted, "if-none-match": etag });
        assert.deepEqual([again.status, again.body.length, again.headers.etag], [304, 0, etag], file);
        const head = await send(path, { "accept-encoding": accepted }, "HEAD");
        assert.equal(head.body.length, 0, file);
        for (const name of ["content-length", "content-type", "content-encoding", "etag", "cache-control", "content-security-policy"]) {
          assert.equal(head.headers[name], answer.headers[name], `${name} of ${file}`);
        }
        assert.equal(head.headers["content-length"], String(answer.body.length), file);
      }
      assert.equal(tags.size, TEXT.test(file) && bytes.length >= WORTH_COMPRESSING_BYTES ? 3 : 1, file);
    }
  });

  /** Whether a page is shown there, at once or under the spelling that the build prefers. */
  async function shown(path) {
    const { status, headers } = await send(path, { accept: "text/html" });
    const slash = status === 301 && [path.slice(0, -1), `${path}/`].includes(headers.location);
    return slash ? (await send(headers.location, { accept: "text/html" })).status === 200 : status === 200;
  }

  test("every address that a page names is there, with and without a slash at its end", async () => {
    const named = new Set();
    for (const file of PAGES) {
      const html = readFileSync(join(BUILD, file), "utf8");
      for (const [, path] of html.matchAll(/\s(?:href|src)="?(\/[^"\s>#?]*)/g)) named.add(path);
    }
    assert.ok(named.size >= PAGES.length, `${named.size} addresses`);
    for (const path of named) {
      assert.equal(await shown(path), true, path);
      if (!/\.[a-z0-9]+$/.test(path)) assert.equal(await shown(path.endsWith("/") ? path.slice(0, -1) || "/" : `${path}/`), true, path);
    }
  });

  test("an address that holds nothing gets the nearest 404 page of the build, which nobody keeps", async () => {
    for (const [path, file] of [
      ["/nothing", "404.html"],
      ["/docs/nothing/at/all", "404.html"],
      ["/ur/docs/nothing", "ur/404.html"],
      ["/assets/js/main.00000000.js", "404.html"],
    ]) {
      const answer = await send(path, { accept: "text/html" });
      assert.equal(answer.status, 404, path);
      assert.match(answer.headers["content-type"], /^text\/html/);
      assert.equal(answer.headers["cache-control"], "no-cache");
      const title = /<title[^>]*>.*?<\/title>/.exec(readFileSync(join(BUILD, file), "utf8"))[0];
      assert.ok(answer.body.toString().includes(title), path);
    }
  });

  test("parts of a file can be asked for, and a HEAD is about the whole", async () => {
    const bytes = readFileSync(join(BUILD, SCRIPT));
    const size = bytes.length;
    for (const [range, from, to] of [
      ["bytes=0-0", 0, 0],
      ["bytes=100-199", 100, 199],
      [`bytes=${size - 5}-`, size - 5, size - 1],
      ["bytes=-7", size - 7, size - 1],
      [`bytes=10-${size * 2}`, 10, size - 1],
    ]) {
      const part = await send(`/${SCRIPT}`, { range, "accept-encoding": "br" });
      assert.equal(part.status, 206, range);
      assert.equal(part.headers["content-range"], `bytes ${from}-${to}/${size}`);
      assert.equal(part.headers["content-encoding"], undefined);
      assert.ok(part.body.equals(bytes.subarray(from, to + 1)), range);
    }
    const whole = await send(`/${SCRIPT}`);
    assert.equal(whole.headers["accept-ranges"], "bytes");
    const kept = { range: "bytes=0-9", "if-range": whole.headers.etag };
    assert.equal((await send(`/${SCRIPT}`, kept)).status, 206);
    assert.equal((await send(`/${SCRIPT}`, { ...kept, "if-range": '"another"' })).status, 200);
    const beyond = await send(`/${SCRIPT}`, { range: `bytes=${size}-` });
    assert.deepEqual([beyond.status, beyond.headers["content-range"]], [416, `bytes */${size}`]);
    const head = await send(`/${SCRIPT}`, { range: "bytes=0-9" }, "HEAD");
    assert.deepEqual([head.status, head.headers["content-length"]], [200, String(size)]);
  });

  test("whatever is answered carries the headers that close what browsers leave open", async () => {
    const { etag } = (await send("/docs/textbook/ros2")).headers;
    for (const [path, headers, status] of [
      ["/", {}, 200],
      ["/docs/textbook/ros2", { "if-none-match": etag }, 304],
      [`/${SCRIPT}`, { range: "bytes=0-1" }, 206],
      ["/nothing", { accept: "text/html" }, 404],
      ["/nothing", { accept: "application/json" }, 404],
      ["/search?q=topic", {}, 200],
      ["/chat", {}, 200],
      ["/_rag/widget.js", {}, 200],
    ]) {
      const answer = await send(path, headers);
      assert.equal(answer.status, status, path);
      assert.equal(answer.headers["x-content-type-options"], "nosniff", path);
      assert.equal(answer.headers["x-frame-options"], "SAMEORIGIN", path);
      assert.equal(answer.headers["referrer-policy"], "strict-origin-when-cross-origin", path);
      assert.ok(answer.headers["content-security-policy"], path);
      assert.ok(answer.headers["x-request-id"], path);
    }
  });

  test("each page's policy lets its own scripts run and no others", async () => {
    for (const file of PAGES) {
      const answer = await send(`/${file}`);
      const policy = answer.headers["content-security-policy"];
      const scripts = /script-src ([^;]*)/.exec(policy)[1].split(" ").toSorted();
      const hashes = [...answer.body.toString().matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g)].map(
        ([, text]) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`,
      );
      assert.deepEqual(scripts, [...new Set(["'self'", ...hashes])].toSorted(), file);
      assert.match(policy, /object-src 'none'/);
      assert.match(policy, /base-uri 'self'/);
    }
  });

  test("no spelling of a path leads out of the build: all are 404", async () => {
    const up = [
      "../", "..%2f", "..%2F", "%2e%2e/", "%2E%2E/", ".%2e/", "%2e./", "%2e%2e%2f", "%252e%252e%252f", "%252e%252e/", "..%252f",
      "%25252e%25252e/", "..\\", "..%5c", "..%5C", "%2e%2e%5c", "..%255c", "..;/", "..%3b/", ".../", "....//", "..%00/", "..%0d%0a/",
      "..%20/", "%20../", "..%09/", "%c0%ae%c0%ae/", "%c0%ae%c0%ae%c0%af", "..%c0%af", "..%c1%9c", "%e0%80%ae%e0%80%ae/", "%uff0e%uff0e/",
      "%ef%bc%8e%ef%bc%8e/", "..%ef%bc%8f", "..%e2%88%95", "./../", ".//../", "//../", "%2f../", "%5c../", "file:../", "c:/../", "%ff../",
    ];
    // Two files that lie just outside the build, and one that is on every machine.
    const spellings = up.flatMap((step) => [
      `/${step}package.json`,
      `/docs/${step}${step}package.json`,
      `/assets/js/${step}${step}${step}docusaurus.config.ts`,
      `/_rag/${step}${step}package.json`,
      `/${step.repeat(12)}etc/passwd`,
    ]);
    spellings.push("/etc/passwd", "//etc/passwd", "/%2fetc/passwd", "/%2f%2fetc%2fpasswd", "/file:///etc/passwd", "/\\\\etc\\passwd", "/.docusaurus/globalData.json", "/%2edocusaurus/globalData.json", "/.git/config", "/docs/.git/config", "/package.json%00.html", "/..", "/%2e%2e", "/...", "/../build/index.html", "/%2e%2e/build/index.html", "/docs/%2e%2e/index.html");
    const wrong = [];
    for (const path of spellings) {
      for (const accept of ["text/html", "*/*"]) {
        const answer = await raw(`GET ${path} HTTP/1.1\r\nhost: localhost\r\naccept: ${accept}\r\nconnection: close\r\n\r\n`);
        if (!answer.startsWith("HTTP/1.1 404 ")) wrong.push(`${path}: ${answer.slice(0, 40).split("\r")[0]}`);
        assert.doesNotMatch(answer, /rag-chatbot-docs|defaultLocale|root:x:0/, path);
      }
    }
    assert.deepEqual(wrong, []);
  });

  const raw = (text) =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(binary.url);
      let answer = "";
      const socket = connect(Number(port), hostname, () => socket.write(text));
      socket.on("data", (part) => (answer += part));
      socket.on("end", () => resolve(answer));
      socket.on("error", reject);
    });
});

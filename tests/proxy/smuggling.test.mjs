/**
 * Requests that a proxy and a server could read differently, sent through a real nginx and a real
 * haproxy that share one connection to the binary between all clients. Nobody else's answer may
 * change: what is hidden in a body must stay in it.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { startBinary } from "../browser/binary.mjs";

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** `keepalive` and an empty `Connection` make nginx use one connection for everybody. */
const nginx = (folder, port, upstream) => `daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr crit;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  upstream binary { server ${upstream}; keepalive 1; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://binary; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host $http_host; proxy_request_buffering off;
    }
  }
}`;

const haproxy = (port, upstream) => `global
  maxconn 100
defaults
  mode http
  timeout connect 5s
  timeout client 10s
  timeout server 10s
  http-reuse always
frontend all
  bind 127.0.0.1:${port}
  default_backend binary
backend binary
  server one ${upstream} maxconn 1
`;

const HIDDEN = "GET /hidden-request HTTP/1.1\r\nHost: localhost\r\nX-Swallow: ";
const post = (headers, body) => `POST /query HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${headers}\r\n\r\n${body}`;

const ATTACKS = {
  "a length and chunks": post(`Content-Length: ${5 + HIDDEN.length}\r\nTransfer-Encoding: chunked`, `0\r\n\r\n${HIDDEN}`),
  "chunks and a short length": post("Transfer-Encoding: chunked\r\nContent-Length: 4", `${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`),
  "two lengths": post(`Content-Length: 0\r\nContent-Length: ${HIDDEN.length}`, HIDDEN),
  "a length with a sign": post("Content-Length: +0", HIDDEN),
  "chunks with a space before the colon": post(`Content-Length: ${5 + HIDDEN.length}\r\nTransfer-Encoding : chunked`, `0\r\n\r\n${HIDDEN}`),
  "chunks after a tab": post(`Content-Length: ${5 + HIDDEN.length}\r\nTransfer-Encoding:\tchunked`, `0\r\n\r\n${HIDDEN}`),
  "unknown chunks": post(`Content-Length: ${5 + HIDDEN.length}\r\nTransfer-Encoding: xchunked`, `0\r\n\r\n${HIDDEN}`),
  "chunks twice": post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", `0\r\n\r\n${HIDDEN}`),
  "a folded header": post(`Content-Length: ${5 + HIDDEN.length}\r\nX-Fold: a\r\n Transfer-Encoding: chunked`, `0\r\n\r\n${HIDDEN}`),
  "a bare line feed": post(`Content-Length: ${5 + HIDDEN.length}\r\nX-A: b\nTransfer-Encoding: chunked`, `0\r\n\r\n${HIDDEN}`),
  "a chunk size that overflows": post("Transfer-Encoding: chunked", `10000000000000000\r\n\r\n0\r\n\r\n${HIDDEN}`),
  "a body on a GET": `GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
};

/** Sends bytes and returns what came back until the other side has nothing more to say. */
function raw(port, bytes) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let said = "";
    socket.setEncoding("latin1").on("data", (data) => (said += data));
    socket.on("error", () => resolve(said)).on("close", () => resolve(said));
    socket.setTimeout(1000, () => socket.destroy());
    socket.write(bytes);
  });
}

for (const [name, command] of [
  ["nginx", (folder, file) => ["nginx", "-c", file, "-p", folder]],
  ["haproxy", (_, file) => ["haproxy", "-db", "-f", file]],
]) {
  describe(`through ${name}`, () => {
    let binary, proxy, folder, port;
    before(async () => {
      binary = await startBinary({ arguments: ["--rate-limit-queries-per-minute", "0"] });
      folder = await mkdtemp(join(tmpdir(), `rag-chatbot-${name}-`));
      port = await freePort();
      const upstream = new URL(binary.url).host;
      const file = join(folder, "proxy.conf");
      await writeFile(file, name === "nginx" ? nginx(folder, port, upstream) : haproxy(port, upstream));
      const [program, ...rest] = command(folder, file);
      proxy = spawn(program, rest, { stdio: ["ignore", "ignore", "inherit"] });
      while (!(await fetch(`http://127.0.0.1:${port}/livez`).then((answer) => answer.ok, () => false))) {
        assert.equal(proxy.exitCode, null, `${name} has ended`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    });
    after(async () => {
      proxy?.kill();
      await binary?.stop();
      await rm(folder, { recursive: true, force: true });
    });

    for (const [attack, bytes] of Object.entries(ATTACKS)) {
      test(`${attack}: everybody gets their own answer`, async () => {
        const said = await raw(port, bytes);
        assert.ok((said.match(/^HTTP\/1\.1 /gm) ?? []).length <= 1, `more than one answer: ${said}`);
        // Whoever comes next on the shared connection would get the hidden request's answer.
        for (let next = 0; next < 3; next += 1) {
          const answer = await fetch(`http://127.0.0.1:${port}/livez`);
          assert.equal(answer.status, 200);
          assert.deepEqual(await answer.json(), { status: "alive" });
        }
      });
    }
  });
}

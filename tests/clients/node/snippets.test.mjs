/** Every snippet of the handbook's pages about other programs does what its page says, in both languages. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const run = promisify(execFile);
const { RAG_CHATBOT_URL: SERVER, RAG_CHATBOT_BIN: BINARY, RAG_CHATBOT_HANDBOOK: HANDBOOK } = process.env;
const DOCS = join(import.meta.dirname, "../../../docs");
const LANGUAGES = [join(DOCS, "docs"), join(DOCS, "i18n/ur/docusaurus-plugin-content-docs/current")];

let folder;
before(async () => (folder = await mkdtemp(join(tmpdir(), "rag-chatbot-snippets-"))));
after(() => rm(folder, { recursive: true, force: true }));

async function fencesOf(page) {
  const [english, urdu] = await Promise.all(
    LANGUAGES.map(async (language) => {
      const text = await readFile(join(language, page), "utf8");
      return [...text.matchAll(/^```(\S+)\n([\s\S]*?)^```$/gm)].map(([, kind, code]) => ({ kind, code }));
    }),
  );
  assert.deepEqual(urdu, english, "both languages show the same");
  return english;
}

/** The snippet as it is for this server, this binary and this handbook. */
const here = (code) =>
  code.replaceAll("http://127.0.0.1:8080", SERVER).replaceAll("./docs", HANDBOOK).replaceAll("./mcp-state", join(folder, "state"));

async function connect(transport) {
  const client = new Client({ name: "snippets", version: "1" });
  await client.connect(transport);
  const { tools } = await client.listTools();
  await client.close();
  assert.ok(tools.some(({ name }) => name === "search_docs"));
}

const overHttp = (url) => connect(new StreamableHTTPClientTransport(new URL(url)));

function overStreams(command, args) {
  assert.equal(command, "rag-chatbot");
  return connect(new StdioClientTransport({ command: BINARY, args, stderr: "ignore" }));
}

/** Claude's own command is not here: what it is given is used as it would use it. */
function claude(words) {
  const own = words.indexOf("--");
  if (own >= 0) return overStreams(words[own + 1], words.slice(own + 2));
  assert.deepEqual(words.slice(0, 5), ["claude", "mcp", "add", "--transport", "http"]);
  return overHttp(words.at(-1));
}

async function program(interpreter, name, code) {
  const file = join(interpreter === process.execPath ? import.meta.dirname : folder, name);
  await writeFile(file, code);
  try {
    return (await run(interpreter, [file])).stdout;
  } finally {
    await rm(file);
  }
}

const RUN = {
  async bash(code) {
    const words = code.trim().split(/\s+/);
    if (words[0] === "claude") return claude(words);
    const { stdout } = await run("bash", ["-euc", `rag-chatbot() { "${BINARY}" "$@"; }; cd "${folder}"; ${code.replaceAll("curl ", "curl -fsS ")}`]);
    assert.ok(stdout.trim());
  },
  async python(code) {
    assert.ok((await program("python", "snippet.py", code)).trim());
  },
  async js(code) {
    assert.match(await program(process.execPath, "snippet.mjs", code), /nine hours/);
  },
  async json(code) {
    const { mcpServers, servers = mcpServers } = JSON.parse(code);
    for (const { url, command, args } of Object.values(servers)) await (url ? overHttp(url) : overStreams(command, args));
  },
};

for (const page of ["programs/openai.md", "programs/agents.md", "programs/machines.md"]) {
  describe(page, async () => {
    for (const [at, { kind, code }] of (await fencesOf(page)).entries()) {
      test(`snippet ${at + 1} (${kind}) works`, () => {
        assert.ok(RUN[kind], `nothing is known about ${kind}`);
        return RUN[kind](here(code));
      });
    }
  });
}

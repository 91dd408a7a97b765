/** The official TypeScript SDK of the Model Context Protocol over both transports, and the inspector. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { promisify } from "node:util";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const URL_OF_MCP = new URL(`${process.env.RAG_CHATBOT_URL}/mcp`);
const BINARY = process.env.RAG_CHATBOT_BIN;
const states = [];
after(() => Promise.all(states.map((state) => rm(state, { recursive: true, force: true }))));

async function ownState() {
  const state = await mkdtemp(join(tmpdir(), "rag-chatbot-mcp-"));
  states.push(state);
  return state;
}

const TRANSPORTS = {
  "streamable HTTP": async () => new StreamableHTTPClientTransport(URL_OF_MCP),
  "standard streams": async () =>
    new StdioClientTransport({
      command: BINARY,
      args: ["mcp", "--data", process.env.RAG_CHATBOT_HANDBOOK, "--state", await ownState()],
      stderr: "ignore",
    }),
};

for (const [name, transport] of Object.entries(TRANSPORTS)) {
  describe(`over ${name}`, () => {
    async function connected(use) {
      const client = new Client({ name: "test", version: "1" });
      await client.connect(await transport());
      try {
        // The SDK holds structured results against the tools' output schemas once it has listed them.
        await client.listTools();
        let first;
        do first = await client.callTool({ name: "search", arguments: { query: "wheels" } });
        while (first.isError && /still being read/.test(first.content[0].text));
        await use(client);
      } finally {
        await client.close();
      }
    }

    test("search, fetch and ask give structured results", () =>
      connected(async (client) => {
        const found = await client.callTool({ name: "search_docs", arguments: { query: "How long does the battery last?" } });
        const { id, url } = found.structuredContent.results[0];
        assert.equal(id, "/intro#battery-life");
        assert.deepEqual(JSON.parse(found.content[0].text), found.structuredContent);
        const page = await client.callTool({ name: "fetch", arguments: { url } });
        assert.match(page.structuredContent.text, /^## Battery life/);
        const answered = await client.callTool({ name: "ask_docs", arguments: { question: "How long does the battery last?" } });
        assert.match(answered.structuredContent.answer, /nine hours/);
      }));

    test("pages are resources, and resources have templates", () =>
      connected(async (client) => {
        const { resources } = await client.listResources();
        assert.ok(resources.some(({ uri }) => uri === "docs:///intro"));
        const { contents } = await client.readResource({ uri: "docs:///ur/taaruf" });
        assert.match(contents[0].text, /نو گھنٹے/);
        assert.equal((await client.listResourceTemplates()).resourceTemplates.length, 2);
        await assert.rejects(client.listResources({ cursor: "nonsense" }), { code: -32602 });
      }));

    test("what does not exist is the protocol's error", () =>
      connected(async (client) => {
        await assert.rejects(client.callTool({ name: "no_such_tool", arguments: {} }), { code: -32602 });
        await assert.rejects(client.getPrompt({ name: "none" }));
        const wrong = await client.callTool({ name: "search_docs", arguments: { query: "a", limit: "many" } });
        assert.equal(wrong.isError, true);
      }));

    test("a cancelled call leaves the session well", () =>
      connected(async (client) => {
        const stop = new AbortController();
        const call = client.callTool({ name: "ask_docs", arguments: { question: "How is it charged?" } }, undefined, { signal: stop.signal });
        stop.abort();
        await assert.rejects(call);
        const again = await client.callTool({ name: "search", arguments: { query: "charging" } });
        assert.ok(!again.isError);
      }));
  });
}

test("a session is ended by its client, and then unknown", async () => {
  const client = new Client({ name: "test", version: "1" });
  const transport = new StreamableHTTPClientTransport(URL_OF_MCP);
  await client.connect(transport);
  const { sessionId } = transport;
  assert.ok(sessionId);
  await transport.terminateSession();
  await client.close();
  const after = await fetch(URL_OF_MCP, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream", "mcp-session-id": sessionId },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
  });
  assert.equal(after.status, 404);
});

describe("the inspector's command line", () => {
  const run = promisify(execFile);
  const inspect = async (target, ...more) => {
    // It keeps a list of servers at home.
    const env = { ...process.env, HOME: await ownState() };
    const { stdout } = await run("node_modules/.bin/mcp-inspector", ["--cli", ...target, ...more], { cwd: import.meta.dirname, env });
    return stdout;
  };

  test("lists the tools over HTTP", async () => {
    assert.match(await inspect([URL_OF_MCP.href, "--transport", "http"], "--method", "tools/list"), /search_docs/);
  });

  test("calls a tool over HTTP", async () => {
    const said = await inspect(
      [URL_OF_MCP.href, "--transport", "http"],
      ..."--method tools/call --tool-name fetch --tool-arg id=/intro#wheels".split(" "),
    );
    assert.match(said, /rubber/);
  });

  test("lists the resources of a process it starts", async () => {
    const state = await ownState();
    const target = [BINARY, "mcp", "--data", process.env.RAG_CHATBOT_HANDBOOK, "--state", state];
    assert.match(await inspect(target, "--method", "resources/templates/list"), /docs:\/\/\//);
  });
});

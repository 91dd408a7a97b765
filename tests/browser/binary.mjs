/** The real binary on a docs folder, started, waited for, killed and started again. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const BINARY = process.env.RAG_CHATBOT_BIN ?? fileURLToPath(new URL("../../target/release/rag-chatbot", import.meta.url));
const SITE = fileURLToPath(new URL("site", import.meta.url));
/** A debug build embeds slowly; a start that takes longer than this has failed. */
const START_MS = 180_000;

/**
 * @param {{data?: string, state?: string, port?: number, upstream?: string, arguments?: string[], environment?: Record<string, string>}} [options]
 *   a state folder that is named is kept afterwards
 */
export async function startBinary(options = {}) {
  const state = options.state ?? (await mkdtemp(join(tmpdir(), "rag-chatbot-browser-")));
  const port = options.port ?? (await freePort());
  const binary = {
    url: `http://127.0.0.1:${port}`,
    log: "",
    process: undefined,
    async start() {
      const child = spawn(
        BINARY,
        ["serve", "--data", options.data ?? SITE, "--state", state, "--listen", `127.0.0.1:${port}`, ...(options.arguments ?? [])],
        {
          env: {
            PATH: process.env.PATH,
            // Each test decides what the model says, also to a question that another has asked.
            RAG_ANSWER_CACHE_HOURS: "0",
            HOME: state,
            RATE_LIMIT_QUERIES_PER_MINUTE: "1000",
            ...(options.upstream ? { OPENAI_BASE_URL: options.upstream, OPENAI_API_KEY: "sk-test", OPENAI_MODEL: "test" } : {}),
            ...options.environment,
          },
          stdio: ["ignore", "ignore", "pipe"],
        },
      );
      this.process = child;
      child.stderr.on("data", (text) => (this.log += text));
      child.on("error", (error) => (this.log += `${error}\n`));
      await ready(this, child);
    },
    /** As a power cut would. */
    async kill() {
      if (!this.process || this.process.exitCode !== null || this.process.signalCode !== null) return;
      const gone = once(this.process, "exit");
      this.process.kill("SIGKILL");
      await gone;
    },
    async stop() {
      await this.kill();
      if (!options.state) await rm(state, { recursive: true, force: true });
    },
  };
  await binary.start();
  return binary;
}

async function ready(binary, child) {
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`the binary has ended:\n${binary.log}`);
    try {
      const answer = await fetch(`${binary.url}/readyz`);
      // Ready means that words can be searched; meanings follow, and answers are made of both.
      const { chunks, chunks_embedded } = await answer.json();
      if (answer.ok && chunks_embedded >= chunks) return;
    } catch {
      // Not listening yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await binary.kill();
  throw new Error(`the binary is not ready after ${START_MS} ms:\n${binary.log}`);
}

export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

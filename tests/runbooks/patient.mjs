/** A server with its own documentation, state, backup and a few conversations, to be made ill and cured. */

import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const BINARY = process.env.RAG_CHATBOT_BIN ?? fileURLToPath(new URL("../../target/release/rag-chatbot", import.meta.url));
const SITE = fileURLToPath(new URL("../browser/site", import.meta.url));
const START_MS = 60_000;

export class Patient {
  /** Settings beyond the usual; they count from the next start on. */
  settings = {};
  log = "";
  /** Where the program lies, for those who type its name. */
  programs = dirname(BINARY);

  static async admit() {
    const patient = new Patient();
    patient.folder = await mkdtemp(join(tmpdir(), "rag-chatbot-runbook-"));
    const [docs, state, backup] = ["docs", "state", "backup"].map((name) => join(patient.folder, name));
    await cp(SITE, docs, { recursive: true });
    await mkdir(backup);
    const port = await freePort();
    // What the runbooks' first page asks to be set.
    patient.variables = { URL: `http://127.0.0.1:${port}`, DOCS: docs, STATE: state, BACKUP: backup, QUESTION: "What is a topic?" };
    patient.listen = `127.0.0.1:${port}`;
    await patient.start();
    await patient.ask("How should the battery be stored?");
    patient.rag("backup", "create", "--to", backup, "--state", state);
    return patient;
  }

  async start() {
    if (this.runs()) return;
    const { DOCS, STATE } = this.variables;
    const child = spawn(BINARY, ["serve", "--data", DOCS, "--state", STATE, "--listen", this.listen], {
      env: { PATH: process.env.PATH, HOME: this.folder, RATE_LIMIT_QUERIES_PER_MINUTE: "0", ...this.settings },
      stdio: ["ignore", "ignore", "pipe"],
    });
    child.stderr.on("data", (text) => (this.log += text));
    this.process = child;
    const deadline = Date.now() + START_MS;
    while (!(await this.ready())) {
      if (!this.runs() || Date.now() > deadline) {
        await this.stop("SIGKILL");
        throw new Error(`the server did not get ready:\n${this.log}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async stop(signal = "SIGTERM") {
    if (!this.runs()) return;
    const gone = once(this.process, "exit");
    this.process.kill(signal);
    await gone;
  }

  async leave() {
    await this.stop("SIGKILL");
    await rm(this.folder, { recursive: true, force: true });
  }

  runs() {
    return this.process !== undefined && this.process.exitCode === null && this.process.signalCode === null;
  }

  /** Every chunk has its vector, too. */
  async ready() {
    const answer = await fetch(`${this.variables.URL}/readyz`).catch(() => undefined);
    if (!answer?.ok) return false;
    const { chunks, chunks_embedded } = await answer.json();
    return chunks_embedded >= chunks;
  }

  async ask(query) {
    const answer = await fetch(`${this.variables.URL}/query`, {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ query }),
    });
    return { status: answer.status, ...(await answer.json()) };
  }

  sqlite(command) {
    return execFileSync("sqlite3", [join(this.variables.STATE, "chat.db"), command], { encoding: "utf8" });
  }

  rag(...words) {
    return execFileSync(BINARY, words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  }

  /** As typed into a shell; never rejects: the exit code and everything that was shown. */
  type(commands) {
    const env = {
      PATH: `${this.programs}:${process.env.PATH}`, HOME: this.folder, LC_ALL: "C.UTF-8",
      OPENAI_BASE_URL: this.settings.OPENAI_BASE_URL ?? "", OPENAI_API_KEY: this.settings.OPENAI_API_KEY ?? "", ...this.variables,
    };
    // `doctor` reads the same settings as the server; an empty one is none.
    for (const [name, value] of Object.entries(env)) if (value === "") delete env[name];
    return new Promise((resolve) => {
      execFile("bash", ["--norc", "-eu", "-o", "pipefail", "-c", commands], { env }, (error, stdout, stderr) =>
        resolve({ code: error ? (error.code ?? 1) : 0, shown: stdout + stderr }));
    });
  }
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Programs of others, started on loopback, waited for, and ended with the test. */

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

const START_MS = 120_000;

/** Names that distributions give a program. */
export function installed(...names) {
  for (const name of names) {
    try {
      return execFileSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim();
    } catch {
      // The next one.
    }
  }
  throw new Error(`none of ${names.join(", ")} is installed: make tools`);
}

/**
 * @param {string} command
 * @param {string[]} words
 * @param {{ready: string | (() => Promise<Response>), environment?: Record<string, string>, folder?: string}} options
 *   `ready` is what answers with 2xx when it may be used
 */
export async function startProgram(command, words, { ready, environment = {}, folder }) {
  const program = {
    log: "",
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await gone;
      clearTimeout(late);
    },
  };
  const child = spawn(command, words, { cwd: folder, env: { PATH: process.env.PATH, ...environment }, stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (program.log += text));
  child.on("error", (error) => (program.log += `${error}\n`));
  await until(`${command} is ready`, async () => {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${command} has ended:\n${program.log}`);
    const answer = await (typeof ready === "string" ? fetch(ready) : ready()).catch(() => undefined);
    return answer?.ok;
  }, { log: () => program.log });
  return program;
}

/** Waits for a condition; the error says what was waited for and what is known. */
export async function until(what, condition, { within = START_MS, log = () => "" } = {}) {
  const deadline = Date.now() + within;
  for (;;) {
    const met = await condition();
    if (met) return met;
    if (Date.now() > deadline) throw new Error(`not within ${within} ms: ${what}\n${log()}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

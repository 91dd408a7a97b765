/**
 * Two sides behind a real haproxy, watched by a real Prometheus, with the files of deploy/rollout; a
 * minute lasts a fraction of a second. Readers ask all the time, and what each of them got is kept.
 */

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const BINARY = process.env.RAG_CHATBOT_BIN ?? join(ROOT, "target/release/rag-chatbot");
const DEPLOY = join(ROOT, "deploy/rollout");
const SITE = join(ROOT, "tests/browser/site");
/** Longer than any machine needs. */
const PATIENCE_MS = 120_000;
const QUESTIONS = ["What is a topic?", "How should the battery be stored?", "What do nodes exchange over topics?"];

/** What is to be smaller than in the files, and by how much. */
const SCALED = [
  ["hold", '"30m"', '"3s"'], ["look_every", '"15s"', '"300ms"'], ["ready_within", '"10m"', '"30s"'],
  ["min_requests", "20", "3"], ["min_questions", "20", "5"],
  ['above = 0.5, over', '"1m"', '"2s"'], ["above = 0.05, over", '"10m"', '"4s"'], ["above = 0.02, over", '"30m"', '"8s"'],
  ["factor = 1.5, over", '"30m"', '"4s"'],
  // A machine that is busy with other tests answers slowly now and then.
  ["floor", '"100ms"', '"500ms"'],
];

export class Stage {
  processes = [];
  sides = {};
  /** {at, until, status, side} of every request of the readers. */
  requests = [];

  static async open() {
    const stage = new Stage();
    stage.folder = await mkdtemp(join(tmpdir(), "rag-chatbot-rollout-"));
    const [blue, green, readers, figures, prometheus] = await freePorts(5);
    stage.ports = { blue, green, readers, figures, prometheus };
    stage.url = `http://127.0.0.1:${readers}`;
    await mkdir(stage.path("record"));
    await writeFile(stage.path("weights"), "");
    await stage.haproxy();
    await stage.prometheus();
    return stage;
  }

  path(name) {
    return join(this.folder, name);
  }

  side(name) {
    return `http://127.0.0.1:${this.ports[name]}`;
  }

  async haproxy() {
    const { ports } = this;
    const env = {
      PATH: process.env.PATH, READERS: `127.0.0.1:${ports.readers}`, FIGURES: `127.0.0.1:${ports.figures}`,
      BLUE: `127.0.0.1:${ports.blue}`, GREEN: `127.0.0.1:${ports.green}`,
      HAPROXY_SOCKET: this.path("socket"), HAPROXY_WEIGHTS: this.path("weights"),
    };
    this.proxy = this.spawn("haproxy", ["-f", join(DEPLOY, "haproxy.cfg"), "-db"], { env });
    await until(async () => (await fetch(`http://127.0.0.1:${ports.figures}/metrics`)).ok, "haproxy answers", this.proxy);
  }

  async prometheus() {
    const { ports } = this;
    const text = (await readFile(join(DEPLOY, "prometheus.yml"), "utf8"))
      .replace("scrape_interval: 15s", "scrape_interval: 250ms")
      .replace("127.0.0.1:8081", `127.0.0.1:${ports.blue}`)
      .replace("127.0.0.1:8082", `127.0.0.1:${ports.green}`)
      .replace("127.0.0.1:8405", `127.0.0.1:${ports.figures}`);
    await writeFile(this.path("prometheus.yml"), text);
    const words = [`--config.file=${this.path("prometheus.yml")}`, `--storage.tsdb.path=${this.path("tsdb")}`, `--web.listen-address=127.0.0.1:${ports.prometheus}`];
    const prometheus = this.spawn("prometheus", words);
    await until(async () => (await fetch(`http://127.0.0.1:${ports.prometheus}/-/ready`)).ok, "Prometheus answers", prometheus);
  }

  /**
   * Starts a side's program and waits until it is ready.
   * @param {{environment?: Record<string, string>, before?: string[], listen?: string}} [release] how it differs
   */
  async release(name, { environment = {}, before = [], listen } = {}) {
    const words = [...before, BINARY, "serve", "--data", SITE, "--state", this.path(name), "--listen", listen ?? `127.0.0.1:${this.ports[name]}`];
    const child = this.spawn(words[0], words.slice(1), {
      // Haproxy, a trusted proxy here, sends every reader from one address.
      env: {
        PATH: process.env.PATH, HOME: this.folder, DATABASE_URL: `sqlite:${this.path("chat.db")}`,
        RATE_LIMIT_QUERIES_PER_MINUTE: "0", RATE_LIMIT_QUERIES_PER_DAY: "0", ...environment,
      },
    });
    this.sides[name] = child;
    if (listen) return;
    await until(async () => {
      const answer = await fetch(`${this.side(name)}/readyz`);
      const { chunks, chunks_embedded } = await answer.json();
      return answer.ok && chunks_embedded >= chunks;
    }, `${name} is ready`, child);
  }

  /** Haproxy has seen that blue is ready. */
  async served() {
    await until(async () => (await fetch(`${this.url}/livez`)).ok, "haproxy serves", this.proxy);
  }

  async settings(changes = []) {
    let text = await readFile(join(DEPLOY, "rollout.toml"), "utf8");
    const replace = (from, to) => {
      if (!text.includes(from)) throw new Error(`rollout.toml has no ${from}`);
      text = text.replace(from, to);
    };
    for (const [name, from, to] of [...SCALED, ...changes]) replace(`${name} = ${from}`, `${name} = ${to}`);
    replace("/run/rag-chatbot/haproxy.sock", this.path("socket"));
    replace("/var/lib/rag-chatbot-rollout/weights", this.path("weights"));
    replace('"/var/lib/rag-chatbot-rollout"', `"${this.path("record")}"`);
    replace("http://127.0.0.1:9090", `http://127.0.0.1:${this.ports.prometheus}`);
    replace("http://127.0.0.1:8081", this.side("blue"));
    replace("http://127.0.0.1:8082", this.side("green"));
    for (const name of ["blue", "green"]) {
      replace(`"systemctl start rag-chatbot@${name}"`, '"true"');
      replace(`"systemctl stop rag-chatbot@${name}"`, `"kill -TERM ${this.sides[name]?.pid}"`);
    }
    await writeFile(this.path("rollout.toml"), text);
  }

  /** Starts `rollout start` or `resume`; its end is `driver.ended`. */
  drive(word = "start") {
    const child = this.spawn(join(DEPLOY, "rollout"), ["--settings", this.path("rollout.toml"), word], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: `${dirname(BINARY)}:${process.env.PATH}`, HOME: this.folder, PYTHONDONTWRITEBYTECODE: "1" },
    });
    child.stdout.on("data", (text) => (child.log += text));
    child.ended = once(child, "close").then(([code]) => code);
    return child;
  }

  say(...words) {
    const env = { PATH: `${dirname(BINARY)}:${process.env.PATH}`, PYTHONDONTWRITEBYTECODE: "1" };
    return execFileSync(join(DEPLOY, "rollout"), ["--settings", this.path("rollout.toml"), ...words], { env, encoding: "utf8" });
  }

  status() {
    return JSON.parse(this.say("status", "--json"));
  }

  async reached(condition, driver) {
    await until(async () => condition(this.status()), `${condition}`, driver);
  }

  /** Readers who come for the first time, one after the other in each of `lines`, until `stop`. */
  readers(lines = 4, pause_ms = 40) {
    let coming = true;
    const line = async (number) => {
      for (let turn = number; coming; turn += 1) {
        const at = Date.now();
        const outcome = await this.ask(QUESTIONS[turn % QUESTIONS.length]).catch((error) => ({ status: 0, error }));
        this.requests.push({ at, until: Date.now(), ...outcome });
        await new Promise((resolve) => setTimeout(resolve, pause_ms));
      }
    };
    const all = Promise.all(Array.from({ length: lines }, (_, number) => line(number)));
    return { stop: () => ((coming = false), all) };
  }

  async ask(query, more = {}, cookie) {
    const headers = { "content-type": "application/json", ...(cookie ? { cookie } : {}) };
    const answer = await fetch(`${this.url}/query`, { method: "POST", headers, body: JSON.stringify({ query, ...more }) });
    const side = /side=(\w+)/.exec(answer.headers.getSetCookie().join())?.[1] ?? /side=(\w+)/.exec(cookie ?? "")?.[1];
    return { status: answer.status, side, body: await answer.json().catch(() => undefined) };
  }

  failed() {
    return this.requests.filter(({ status }) => status !== 200);
  }

  spawn(program, words, options = {}) {
    const child = spawn(program, words, { stdio: ["ignore", "ignore", "pipe"], ...options });
    child.log = "";
    child.stderr.on("data", (text) => (child.log += text));
    child.on("error", (error) => (child.log += `${error}\n`));
    this.processes.push(child);
    return child;
  }

  async end(child) {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }

  async close() {
    for (const child of this.processes.reverse()) await this.end(child);
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function until(condition, what, child) {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await condition().catch(() => false))) {
    if (Date.now() > deadline || (child && (child.exitCode !== null || child.signalCode !== null))) {
      throw new Error(`it doesn't come to this: ${what}\n${child?.log ?? ""}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => server.address().port);
  for (const server of servers) server.close();
  await Promise.all(servers.map((server) => once(server, "close")));
  return ports;
}

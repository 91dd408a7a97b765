/** Faults of ours as a server of Sentry's protocol (Bugsink) has them, and what must not be in them. */

import assert from "node:assert/strict";
import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startBinary } from "../browser/binary.mjs";
import { freePort, startProgram, until } from "./program.mjs";

const VENV = fileURLToPath(new URL(".venv/bin/", import.meta.url));
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BINARY = process.env.RAG_CHATBOT_BIN ?? join(ROOT, "target/release/rag-chatbot");
const SITE = join(ROOT, "tests/browser/site");
const VERSION = /^version = "(.+)"$/m.exec(readFileSync(join(ROOT, "Cargo.toml"), "utf8"))[1];
const QUESTION = "What is a topic marker-question?";
const run = promisify(execFile);

let folder, bugsink, dsn, key;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "rag-chatbot-faults-"));
  const port = await freePort();
  const environment = { PATH: process.env.PATH, DJANGO_SETTINGS_MODULE: "bugsink_conf", PYTHONPATH: folder };
  const manage = (...words) => run(join(VENV, "bugsink-manage"), words, { cwd: folder, env: environment });
  await run(join(VENV, "bugsink-create-conf"), ["--template=local", "--host=127.0.0.1", `--port=${port}`], { cwd: folder });
  await manage("migrate");
  await manage("migrate", "--database=snappea");
  const { stdout } = await manage("shell", "--command", "from projects.models import Project; print(Project.objects.create(name='rag').dsn)");
  dsn = stdout.trim().split("\n").at(-1);
  key = new URL(dsn).username;
  bugsink = await startProgram(join(VENV, "gunicorn"), ["bugsink.wsgi", "--bind", `127.0.0.1:${port}`], {
    ready: `http://127.0.0.1:${port}/accounts/login/`, environment, folder,
  });
});

after(async () => {
  await bugsink?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

/** The events that Bugsink has kept, as they were sent. */
function events() {
  const rows = execFileSync("sqlite3", ["-json", "-cmd", ".timeout 5000", join(folder, "db.sqlite3"), "SELECT data FROM events_event ORDER BY timestamp"], { encoding: "utf8" });
  return rows.trim() === "" ? [] : JSON.parse(rows).map(({ data }) => JSON.parse(data));
}

const arrives = (what, condition, log) => until(what, () => events().find(condition), { log: () => `${JSON.stringify(events(), null, 1)}\n${log()}\n${bugsink.log}` });

/** What is in no report: questions, addresses of readers, keys, and the machine's name. */
function isScrubbed(event) {
  const text = JSON.stringify(event);
  for (const secret of ["marker", "203.0.113.7", key]) assert.ok(!text.includes(secret), `${secret}: ${text}`);
  for (const part of ["user", "request", "server_name", "extra"]) assert.ok(!(part in event) || Object.keys(event[part] ?? {}).length === 0, part);
}

test("a request that fails through our fault is reported with route, code and id, and without the question", async () => {
  const binary = await startBinary({ environment: { SENTRY_DSN: dsn, ENVIRONMENT: "trial", RAG_TRUSTED_PROXY: "127.0.0.1" } });
  const state = binary.process.spawnargs[binary.process.spawnargs.indexOf("--state") + 1];
  const lock = spawn("sqlite3", [join(state, "chat.db")], { stdio: ["pipe", "pipe", "inherit"] });
  try {
    lock.stdin.write("BEGIN EXCLUSIVE;\nSELECT 'locked';\n");
    await once(lock.stdout, "data");
    const answer = await fetch(`${binary.url}/query`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-request-id": "request-503", "x-forwarded-for": "203.0.113.7" },
      body: JSON.stringify({ query: QUESTION }),
    });
    assert.equal(answer.status, 503, await answer.text());
    const event = await arrives("the report", ({ tags }) => tags?.request_id === "request-503", () => binary.log);
    assert.equal(event.message ?? event.logentry?.message, "POST /query: 503 overloaded");
    assert.deepEqual({ ...event.tags }, { route: "/query", method: "POST", status: "503", code: "overloaded", request_id: "request-503" });
    assert.equal(event.release, `rag-chatbot@${VERSION}`);
    assert.equal(event.environment, "trial");
    assert.equal(event.level ?? "error", "error", "what the protocol takes for granted may be left out");
    isScrubbed(event);

    // The caller's own mistakes are nobody's fault here.
    const before = events().length;
    const wrong = await fetch(`${binary.url}/query`, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
    assert.equal(wrong.status, 422);
    lock.stdin.end("ROLLBACK;\n");
    await once(lock, "exit");
    binary.process.kill("SIGTERM");
    await once(binary.process, "exit");
    // What was left has been sent by now.
    assert.equal(events().length, before);
    assert.ok(!binary.log.includes(key), "the key is in no line of the log");
  } finally {
    lock.kill();
    await binary.stop();
  }
});

test("a panic is reported before the process ends, with its place and without what was being printed", async () => {
  // A disk that is full where the answer is to be printed.
  const full = openSync("/dev/full", "w");
  const state = join(folder, "state");
  let log = "";
  try {
    const child = spawn(BINARY, ["ask", QUESTION, "--json", "--data", SITE, "--state", state], {
      env: { PATH: process.env.PATH, HOME: folder, SENTRY_DSN: dsn, ENVIRONMENT: "trial" }, stdio: ["ignore", full, "pipe"],
    });
    child.stderr.on("data", (text) => (log += text));
    const [code] = await once(child, "exit");
    assert.equal(code, 101, log);
  } finally {
    closeSync(full);
  }
  const event = events().find(({ exception }) => (exception?.values ?? exception)?.[0]?.type === "panic");
  assert.ok(event, `${JSON.stringify(events())}\n${log}`);
  const [panic] = event.exception.values ?? event.exception;
  assert.match(panic.value, /^its message is in the log \(.+\.rs:\d+:\d+\)$/);
  assert.equal(panic.mechanism.handled, false);
  assert.ok(panic.stacktrace.frames.length > 3);
  assert.equal(event.level, "fatal");
  assert.equal(event.release, `rag-chatbot@${VERSION}`);
  isScrubbed(event);
});

test("a DSN that is none is refused at the start, and not shown", async () => {
  writeFileSync(join(folder, "dsn"), "https://marker-key");
  const child = spawn(BINARY, ["serve", "--data", SITE, "--state", join(folder, "state")], { env: { PATH: process.env.PATH, SENTRY_DSN_FILE: join(folder, "dsn") }, stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr.on("data", (text) => (log += text));
  const [code] = await once(child, "exit");
  assert.equal(code, 2, log);
  assert.match(log, /sentry_dsn: a DSN is like/);
  assert.ok(!log.includes("marker"), log);
});

/**
 * One question as an OpenTelemetry collector takes it and hands it on: every stage, within the trace of
 * whoever asked. The collector is Rotel's; behind it, what it hands on is kept to be looked at.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startBinary } from "../browser/binary.mjs";
import { startUpstream } from "../browser/upstream.mjs";
import { freePort, startProgram, until } from "./program.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const QUESTION = "What is a topic marker-question?";
const [INTERNAL, SERVER, CLIENT] = [1, 2, 3];
const ERROR = 2;

let backend, collector, folder, upstream;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "rag-chatbot-traces-"));
  const kept = `http://127.0.0.1:${await freePort()}`;
  backend = await startProgram(`${HERE}.venv/bin/python`, [`${HERE}trace_backend.py`, new URL(kept).port], { ready: kept });
  collector = await startCollector(kept);
  collector.spans = async (trace) => (await (await fetch(kept)).json()).filter((span) => !trace || span.trace === trace);
  upstream = await startUpstream();
});

after(async () => {
  await collector?.stop();
  await backend?.stop();
  upstream?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function startCollector(kept) {
  const url = `http://127.0.0.1:${await freePort()}`;
  const program = execFileSync(`${HERE}.venv/bin/python`, ["-c", "import pathlib, rotel; print(pathlib.Path(rotel.__file__).with_name('rotel-agent'))"], { encoding: "utf8" }).trim();
  const words = ["start", "--otlp-http-endpoint", new URL(url).host, "--otlp-grpc-endpoint", `127.0.0.1:${await freePort()}`, "--exporter", "otlp",
    "--otlp-exporter-endpoint", kept, "--otlp-exporter-protocol", "http",
    "--pid-file", join(folder, "collector.pid"), "--log-file", join(folder, "collector.log")];
  // A request without a span is valid, and the protocol has no other question to ask.
  const ready = () => fetch(`${url}/v1/traces`, { method: "POST", headers: { "content-type": "application/x-protobuf" }, body: new Uint8Array() });
  return Object.assign(await startProgram(program, words, { ready, folder }), { url });
}

const traced = (ratio, more = {}) =>
  startBinary({
    upstream: upstream.url,
    environment: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, RAG_TRACE_SAMPLE_RATIO: String(ratio), OTEL_BSP_SCHEDULE_DELAY: "200", ENVIRONMENT: "trial", ...more,
    },
  });

async function ask(binary, query, headers = {}) {
  const answer = await fetch(`${binary.url}/query`, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify({ query }) });
  assert.equal(answer.status, 200, await answer.clone().text());
  return answer.json();
}

/** A trace that somebody else has begun and wants to be recorded. */
function begun() {
  const [trace, span] = [randomBytes(16).toString("hex"), randomBytes(8).toString("hex")];
  return { trace, span, header: { traceparent: `00-${trace}-${span}-01` } };
}

test("each stage of a question is a span below the caller's, and the model's server is told the trace", async () => {
  const binary = await traced(1);
  try {
    upstream.reset();
    const { trace, span: caller, header } = begun();
    await ask(binary, QUESTION, { ...header, "x-request-id": "request-1" });
    const stages = ["answer", "session", "understand", "search", "embed", "words", "vectors", "fuse", "read", "prompt", "generate", "chat completion", "keep"];
    const names = ["POST /query", ...stages].sort();
    const spans = await until("every span has arrived", async () => {
      const some = await collector.spans(trace);
      return names.every((name) => some.some((span) => span.name === name)) && some;
    }, { log: () => JSON.stringify(names) + binary.log });
    const of = (name) => spans.find((span) => span.name === name);
    const parent = (name) => spans.find((span) => span.id === of(name).parent)?.name;

    const request = of("POST /query");
    assert.equal(request.parent, caller);
    assert.equal(request.kind, SERVER);
    assert.deepEqual(
      [request.attributes["http.route"], request.attributes["http.response.status_code"], request.attributes.request_id],
      ["/query", "200", "request-1"],
    );
    assert.equal(request.resource["service.name"], "rag-chatbot");
    assert.equal(request.resource["deployment.environment.name"], "trial");
    assert.match(request.resource["service.version"], /^\d+\.\d+\.\d+$/);
    for (const [child, expected] of [["answer", "POST /query"], ["search", "answer"], ["embed", "search"], ["words", "search"], ["vectors", "search"], ["generate", "answer"], ["chat completion", "generate"]]) {
      assert.equal(parent(child), expected, child);
    }
    assert.equal(of("words").kind, INTERNAL);
    assert.deepEqual(of("generate").events, ["first token"]);
    assert.ok(spans.every((span) => span.nanoseconds >= 0 && span.nanoseconds <= request.nanoseconds + 60e9));

    const completion = of("chat completion");
    assert.equal(completion.kind, CLIENT);
    assert.equal(upstream.headers.at(-1).traceparent, `00-${trace}-${completion.id}-01`);
    assert.ok(!JSON.stringify(spans).includes("marker"), "a question is in no span");
  } finally {
    await binary.stop();
  }
});

test("a failing model's server is seen in the trace, and each attempt", async () => {
  const binary = await traced(1);
  try {
    upstream.reset();
    upstream.status = 500;
    const { trace, header } = begun();
    await ask(binary, QUESTION, header);
    const spans = await until("the quotes are in the trace", async () => {
      const some = await collector.spans(trace);
      return some.some(({ name }) => name === "quote") && some.some(({ name }) => name === "generate") && some;
    }, { log: () => binary.log });
    const attempts = spans.filter(({ name }) => name === "chat completion");
    assert.ok(attempts.length >= 2, `${attempts.length} attempts`);
    assert.ok(attempts.every(({ status }) => status === ERROR));
    assert.deepEqual(attempts.map(({ attributes }) => Number(attributes.attempt)).sort(), attempts.map((_, at) => at + 1));
  } finally {
    upstream.reset();
    await binary.stop();
  }
});

test("of the requests that nobody asked to trace, as many are traced as is set", async () => {
  const binary = await traced(0);
  try {
    const known = new Set((await collector.spans()).map((span) => span.trace));
    for (let number = 0; number < 20; number++) await ask(binary, `${QUESTION} ${number}`);
    const { trace, header } = begun();
    await ask(binary, QUESTION, header);
    await until("the trace that was asked for has arrived", async () => (await collector.spans(trace)).some(({ name }) => name === "POST /query"), { log: () => binary.log });
    const found = new Set((await collector.spans()).map((span) => span.trace));
    assert.deepEqual([...found].filter((one) => !known.has(one)), [trace]);
  } finally {
    await binary.stop();
  }
});

test("a collector that is away costs one line in the log and no answer", async () => {
  const binary = await traced(1, { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}` });
  try {
    const away = () => binary.log.match(/the receiver does not take them/g)?.length ?? 0;
    await ask(binary, QUESTION);
    await until("the log says so", () => away() > 0, { log: () => binary.log });
    for (let number = 0; number < 5; number++) {
      await ask(binary, `${QUESTION} ${number}`);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    assert.equal(away(), 1);
  } finally {
    await binary.stop();
  }
});

test("nothing is traced and no trace is passed on where no collector is set", async () => {
  const binary = await startBinary({ upstream: upstream.url });
  try {
    upstream.reset();
    await ask(binary, QUESTION, begun().header);
    assert.equal(upstream.headers.length, 1);
    assert.equal(upstream.headers[0].traceparent, undefined);
  } finally {
    await binary.stop();
  }
});

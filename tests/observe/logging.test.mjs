/** What is deployed for the logs takes apart the lines that the program really writes, and loses none. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { startBinary } from "../browser/binary.mjs";
import { startUpstream } from "../browser/upstream.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const LOGGING = join(ROOT, "deploy/logging");
let lines, key, parsed;

before(async () => {
  const upstream = await startUpstream();
  const binary = await startBinary({ upstream: upstream.url, environment: { RAG_LOG_FORMAT: "json", LOG_LEVEL: "debug" } });
  try {
    for (const status of [200, 500]) {
      upstream.status = status;
      await fetch(`${binary.url}/query`, { method: "POST", headers: { "content-type": "application/json", "x-request-id": `request-${status}` }, body: JSON.stringify({ query: `What is a topic? ${status}` }) });
    }
    await fetch(`${binary.url}/admin/none`);
    await fetch(`${binary.url}/sessions/none`);
  } finally {
    await binary.stop();
    upstream.close();
  }
  key = /rk_[\w-]+/.exec(binary.log)[0];
  lines = binary.log.split("\n").filter((line) => line.startsWith("{"));
  const input = binary.log;
  parsed = JSON.parse(execFileSync(join(ROOT, "tests/observe/.venv/bin/python"), [join(ROOT, "tests/observe/loglines.py")], { input, encoding: "utf8" }));
});

test("Alloy's stages keep every line of the program, with its time, level and request", () => {
  assert.ok(lines.length > 5);
  assert.deepEqual(parsed.loki.map(({ line }) => line), lines.map((line) => JSON.parse(line)));
  assert.deepEqual(parsed.docker, parsed.loki);
  for (const { at, labels, line } of parsed.loki) {
    assert.ok(Math.abs(at * 1000 - Date.parse(line.timestamp)) < 2);
    assert.equal(labels.level, line.level);
    assert.deepEqual(Object.keys(labels).sort(), ["kind", "level"]);
  }
  const asked = parsed.loki.find(({ labels, metadata }) => labels.kind === "request" && metadata.request_id === "request-200");
  assert.equal(asked.metadata.route, "/query");
  const levels = new Set(parsed.loki.map(({ labels }) => labels.level));
  for (const level of ["DEBUG", "INFO", "WARN"]) assert.ok(levels.has(level), level);
});

test("Loki's retention names labels that the lines have", () => {
  const { retention_period, retention_stream } = parse(readFileSync(join(LOGGING, "loki.yml"), "utf8")).limits_config;
  assert.equal(retention_period, `${30 * 24}h`);
  const [{ selector, period }] = retention_stream;
  assert.equal(period, `${7 * 24}h`);
  const kind = /kind="(\w+)"/.exec(selector)[1];
  assert.ok(parsed.loki.some(({ labels }) => labels.kind === kind));
});

test("Logstash's filter keeps every line, and the index templates know every field of them", () => {
  assert.equal(parsed.elastic.length, lines.length);
  for (const { document, unmapped } of parsed.elastic) assert.deepEqual(unmapped, [], JSON.stringify(document));
  const { document, dataset, kept } = parsed.elastic.find(({ document: { message, http } }) => message === "request" && http.request.id === "request-200");
  assert.deepEqual([dataset, kept], ["rag_chatbot.requests", "rag-chatbot-7-days"]);
  assert.deepEqual([document.http.response.status_code, document.url.path, document.service.name], [200, "/query", "rag-chatbot"]);
  const rest = new Set(parsed.elastic.filter(({ document: { rag } }) => rag.event !== "request").map((one) => `${one.dataset} ${one.kept}`));
  assert.deepEqual([...rest], ["rag_chatbot.events rag-chatbot-30-days"]);
});

test("the policies keep what they are named after, and Kibana shows fields that there are", () => {
  for (const days of [30, 7]) {
    const { hot, delete: end } = JSON.parse(readFileSync(join(LOGGING, `elastic/keep-${days}-days.json`), "utf8")).policy.phases;
    // The age counts from the end of the day that an index was written in.
    assert.equal(Number.parseInt(hot.actions.rollover.max_age) + Number.parseInt(end.min_age), days);
  }
  const fields = new Set();
  const collect = (value, path) => {
    for (const [name, inner] of Object.entries(value)) {
      if (inner && typeof inner === "object") collect(inner, `${path}${name}.`);
      else fields.add(`${path}${name}`);
    }
  };
  for (const { document } of parsed.elastic) collect(document, "");
  const [view, ...searches] = readFileSync(join(LOGGING, "elastic/kibana.ndjson"), "utf8").trim().split("\n").map((line) => JSON.parse(line));
  for (const { attributes, references } of searches) {
    assert.equal(references[0].id, view.id);
    for (const column of attributes.columns) assert.ok(fields.has(column) || column === "rag.reason", column);
    const { query } = JSON.parse(attributes.kibanaSavedObjectMeta.searchSourceJSON);
    for (const [, field] of query.query.matchAll(/([\w.]+):/g)) assert.ok(fields.has(field), field);
  }
  const dataset = new RegExp(`^${view.attributes.title.replaceAll(".", "\\.").replaceAll("*", ".*")}`);
  for (const one of parsed.elastic) assert.match(`logs-${one.dataset}-default`, dataset);
});

test("the first admin key, which is shown beside the log, gets into no store", () => {
  assert.ok(key.length > 20);
  assert.ok(!JSON.stringify(parsed).includes(key));
});

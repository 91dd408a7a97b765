/** Every panel of the dashboards asks for something that a server under load gives. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { startBinary } from "../browser/binary.mjs";
import { startUpstream } from "../browser/upstream.mjs";
import { until } from "./program.mjs";
import { Watchers } from "./watchers.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FOLDER = join(ROOT, "deploy/grafana/dashboards");
const files = readdirSync(FOLDER).sort();
const dashboards = files.map((name) => JSON.parse(readFileSync(join(FOLDER, name), "utf8")));
const READERS = 4;

let upstream, binary, watchers;
let asking = true;
const readers = [];

before(async () => {
  upstream = await startUpstream();
  binary = await startBinary({ upstream: upstream.url });
  watchers = await Watchers.start({ target: new URL(binary.url).host, hurry: true });
  for (let reader = 0; reader < READERS; reader++) readers.push(read(reader));
});

after(async () => {
  asking = false;
  await Promise.all(readers);
  await watchers?.stop();
  await binary?.stop();
  upstream?.close();
});

/** Asks, searches, rates, makes mistakes, and meets a model's server that fails now and then. */
async function read(reader) {
  const post = (path, body) => fetch(`${binary.url}${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  for (let number = 0; asking; number++) {
    upstream.status = number % 5 === 4 ? 500 : 200;
    const answer = await post("/query", { query: `What is a topic, asked ${reader} ${number}?` });
    const { id, message_id = id } = await answer.json();
    await post("/query", { query: "How should the battery be stored?", stream: true }).then((stream) => stream.text());
    await post("/feedback", { message_id, rating: "up" }).then((given) => given.text());
    await fetch(`${binary.url}/search?q=battery`).then((found) => found.text());
    await post("/query", {}).then((refused) => refused.text());
  }
}

test("there are four, they load every 30 s, and know nothing that Grafana doesn't", () => {
  assert.deepEqual(files, ["rag-errors.json", "rag-main.json", "rag-performance.json", "rag-resources.json"]);
  for (const [at, { uid, refresh, panels }] of dashboards.entries()) {
    assert.equal(`${uid}.json`, files[at]);
    assert.equal(refresh, "30s");
    assert.equal(new Set(panels.map(({ title }) => title)).size, panels.length);
    for (const { gridPos: { x, w } } of panels) assert.ok(x + w <= 24);
  }
  const [source] = parse(readFileSync(join(ROOT, "deploy/grafana/provisioning/datasources/rag.yml"), "utf8")).datasources;
  const sources = dashboards.flatMap(({ panels }) => panels.flatMap(({ datasource, targets }) => [datasource, ...targets.map((target) => target.datasource)]));
  assert.deepEqual(new Set(sources.map(({ uid }) => uid)), new Set([source.uid]));
  execFileSync(join(ROOT, "tests/observe/.venv/bin/python"), [join(ROOT, "tests/observe/dashboards.py"), ...files.map((name) => join(FOLDER, name))], { stdio: "inherit" });
});

describe("under load there is data for", () => {
  for (const { title, panels } of dashboards) {
    for (const panel of panels) {
      test(`${title}: ${panel.title}`, async () => {
        for (const { expr } of panel.targets) {
          // Grafana takes at least four scrapes; these come every 250 ms.
          const query = expr.replaceAll("$__rate_interval", "5s").replaceAll("[1h]", "[60s]");
          await until(`${query} gives a number`, async () => (await watchers.query(query)).some(({ value }) => Number.isFinite(Number(value))), {
            within: 60_000, log: () => watchers.log(),
          });
        }
      });
    }
  }
});

/** The report on the service levels, from a real Prometheus with a month that is known to the second. */

import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const STEP_S = 300;
const DAYS = 31;
const folder = mkdtempSync(join(tmpdir(), "rag-chatbot-slo-"));
let prometheus, url;

/**
 * A month of one installation: 100 requests a minute, each a question.
 * @param {{job: string, failed: number, downHours: number, slow: Record<string, number>}} month
 *   `failed`: part of the requests; `slow`: per histogram, of 100 the number above its level's bound
 */
function* samples({ job, failed, downHours, slow }, now) {
  const begin = now - DAYS * 86_400;
  const bounds = { rag_query_duration_seconds: 6, rag_retrieval_duration_seconds: 0.5, rag_generation_duration_seconds: 5 };
  const series = [["up", "gauge", "", (minutes, at) => (at >= now - 86_400 && at < now - 86_400 + downHours * 3600 ? 0 : 1)]];
  for (const [status, part] of [["200", 1 - failed], ["500", failed]]) {
    series.push(["rag_http_requests_total", "counter", `,status="${status}"`, (minutes) => 100 * part * minutes]);
  }
  for (const [name, bound] of Object.entries(bounds)) {
    // Half of what is within the level takes half of it at most, the other half the whole.
    const within = 100 - slow[name];
    for (const [le, part] of [[bound / 2, within / 2], [bound, within], [bound * 2, 100], ["+Inf", 100]]) {
      series.push([`${name}_bucket`, "", `,le="${le}"`, (minutes) => part * minutes]);
    }
  }
  series.push(["rag_query_cost_usd_sum", "", "", (minutes) => 0.2 * minutes], ["rag_query_cost_usd_count", "", "", (minutes) => 100 * minutes]);
  for (const [name, , labels, value] of series) {
    for (let at = begin; at <= now; at += STEP_S) yield `${name}{job="${job}",instance="a"${labels}} ${value((at - begin) / 60, at)} ${at}\n`;
  }
}

before(async () => {
  const now = Math.floor(Date.now() / 1000 / STEP_S) * STEP_S;
  const good = { rag_query_duration_seconds: 2, rag_retrieval_duration_seconds: 2, rag_generation_duration_seconds: 2 };
  const months = [
    { job: "rag-chatbot", failed: 0.003, downHours: 2, slow: good },
    { job: "ill", failed: 0.02, downHours: 5, slow: { ...good, rag_retrieval_duration_seconds: 10 } },
  ];
  const text = months.flatMap((month) => [...samples(month, now)]).join("");
  writeFileSync(join(folder, "month.txt"), `${text}# EOF\n`);
  execFileSync("promtool", ["tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=768h", "-q", join(folder, "month.txt"), join(folder, "tsdb")]);
  writeFileSync(join(folder, "prometheus.yml"), "scrape_configs: []\n");
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  url = `http://127.0.0.1:${port}`;
  prometheus = spawn("prometheus", [
    `--config.file=${join(folder, "prometheus.yml")}`, `--storage.tsdb.path=${join(folder, "tsdb")}`,
    "--storage.tsdb.retention.time=60d", `--web.listen-address=127.0.0.1:${port}`,
  ], { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  prometheus.stderr.on("data", (line) => (log += line));
  while (!(await fetch(`${url}/-/ready`).then((answer) => answer.ok, () => false))) {
    assert.equal(prometheus.exitCode, null, log);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
});

after(async () => {
  if (prometheus?.exitCode === null) {
    const gone = once(prometheus, "exit");
    prometheus.kill();
    await gone;
  }
  rmSync(folder, { recursive: true, force: true });
});

function report(...words) {
  const { status, stdout, stderr } = spawnSync(join(ROOT, "deploy/prometheus/slo"), [url, "--json", ...words], { encoding: "utf8" });
  const levels = stdout && Object.fromEntries(JSON.parse(stdout).levels.map((level) => [level.name, level]));
  return { status, levels, stderr };
}

const near = (found, expected, within) => assert.ok(Math.abs(found - expected) <= within, `${found} instead of ${expected}`);

test("a month within the levels is reported as it was, with what is left of its budgets", () => {
  const { status, levels, stderr } = report();
  assert.equal(status, 0, stderr);
  // Two hours of 30 days; half a percent may be lost.
  near(levels.available.found, 1 - 2 / 720, 0.0005);
  near(levels.available.budget_left, 1 - 2 / 720 / 0.005, 0.1);
  near(levels["requests failed"].found, 0.003, 0.0001);
  near(levels["requests failed"].budget_left, 0.7, 0.01);
  // 98 of 100 are within the bound, half of them within half of it: the 95th is at 0.5 + 0.5 × 46/49 of it.
  const part = 0.5 + (0.5 * 46) / 49;
  near(levels["answer, p95"].found, 6 * part, 0.05);
  near(levels["retrieval, p95"].found, 0.5 * part, 0.005);
  near(levels["generation, p95"].found, 5 * part, 0.05);
  near(levels["cost of an answer"].found, 0.002, 0.0001);
});

test("a month that missed levels says which, and ends with 1", () => {
  const { status, levels } = report("--job", "ill");
  assert.equal(status, 1);
  const missed = Object.values(levels).filter(({ kept }) => !kept).map(({ name }) => name);
  assert.deepEqual(missed, ["available", "requests failed", "retrieval, p95"]);
  assert.ok(levels["requests failed"].budget_left < 0);
});

test("without figures no level counts as kept, and without Prometheus there is one sentence", () => {
  const { status, levels } = report("--job", "nobody");
  assert.equal(status, 1);
  assert.ok(Object.values(levels).every(({ kept, found }) => !kept && found === null));
  const { status: code, stderr } = spawnSync(join(ROOT, "deploy/prometheus/slo"), ["http://127.0.0.1:9"], { encoding: "utf8" });
  assert.equal(code, 1);
  assert.match(stderr, /^slo: Prometheus doesn't answer/);
});

test("the levels are those of the handbook", () => {
  const promised = Object.fromEntries(Object.values(report().levels).map(({ name, promised }) => [name, promised]));
  assert.deepEqual(promised, {
    available: 0.995, "requests failed": 0.01, "answer, p95": 6, "retrieval, p95": 0.5, "generation, p95": 5, "cost of an answer": 0.01,
  });
  const page = readFileSync(join(ROOT, "docs/docs/operations/running.md"), "utf8");
  assert.match(page, /99\.5 % available, 95 % of answers within 6 seconds, of searches within 500 ms and of generations within 5 seconds, and fewer than 1 % errors/);
});

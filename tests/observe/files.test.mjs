/** What watches the program is accepted by the tools it is written for, and fits the program and its handbook. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const read = (name) => readFileSync(join(ROOT, name), "utf8");
const run = (command, ...words) => execFileSync(command, words, { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
const alerts = parse(read("deploy/prometheus/alerts.yml")).groups.flatMap(({ rules }) => rules);
const levels = parse(read("deploy/prometheus/levels.yml")).groups.flatMap(({ rules }) => rules);
const TRANSLATED = "docs/i18n/ur/docusaurus-plugin-content-docs/current";

test("Prometheus and Alertmanager accept their files", () => {
  run("promtool", "check", "config", "deploy/prometheus/prometheus.yml");
  run("amtool", "check-config", "deploy/alertmanager/alertmanager.yml");
});

test("each alert goes off when it should and is silent when it should be", () => {
  const tested = ["alerts", "days"].map((name) => `tests/observe/${name}.test.yml`);
  run("promtool", "test", "rules", ...tested);
  const cases = tested.flatMap((name) => parse(read(name)).tests.flatMap(({ alert_rule_test = [] }) => alert_rule_test));
  for (const { alert, labels } of alerts) {
    const own = cases.filter(({ alertname }) => alertname === alert);
    assert.ok(own.some(({ exp_alerts }) => exp_alerts.length === 0), `${alert} is silent in a test`);
    assert.ok(own.some(({ exp_alerts }) => exp_alerts.some(({ exp_labels }) => exp_labels.severity === labels.severity)), `${alert} goes off as ${labels.severity} in a test`);
  }
});

test("each alert says how bad it is, what it is and what to do, on a page that knows it, in both languages", () => {
  for (const { alert, labels, annotations } of alerts) {
    assert.ok(["critical", "warning"].includes(labels.severity), alert);
    assert.deepEqual(Object.keys(annotations).sort(), ["description", "runbook_url", "summary"], alert);
    const [, page, heading] = /^\{\{ \$externalLabels\.handbook \}\}\/docs\/(operations\/[\w/-]+)(?:#(\w+))?$/.exec(annotations.runbook_url);
    for (const folder of ["docs/docs", TRANSLATED]) {
      const text = read(`${folder}/${page}.md`);
      assert.ok(text.includes(`\`${alert}\``), `${folder}/${page}.md names ${alert}`);
      if (heading) assert.ok(text.includes(`{#${heading}}`), `${folder}/${page}.md has the heading ${heading}`);
    }
  }
});

test("alerts and levels ask for metrics that the program declares, and for levels that are recorded", () => {
  const declared = read("src/telemetry/metrics/table.rs");
  const recorded = levels.map(({ record }) => record).filter(Boolean);
  for (const { alert, record, expr } of [...alerts, ...levels]) {
    for (const [name] of expr.matchAll(/\b(rag|process)_\w+/g)) {
      assert.ok(declared.includes(`"${name.replace(/_(bucket|sum|count)$/, "")}"`), `${alert ?? record}: ${name}`);
    }
    for (const [name] of expr.matchAll(/\brag:[\w:]+/g)) assert.ok(recorded.includes(name), `${alert ?? record}: ${name}`);
  }
});

test("every secret of Alertmanager is a file, and critical alerts go to whoever is on call", () => {
  const settings = parse(read("deploy/alertmanager/alertmanager.yml"));
  const named = [];
  const visit = (value, key) => {
    if (value && typeof value === "object") for (const [name, inner] of Object.entries(value)) visit(inner, name);
    else if (/_(key|password|secret|token)$|_url$/.test(key) && key !== "runbook_url") named.push(key);
  };
  visit(settings);
  assert.deepEqual(named, []);
  const route = (severity) => run("amtool", "config", "routes", "test", "--config.file=deploy/alertmanager/alertmanager.yml", `severity=${severity}`).trim();
  assert.deepEqual([route("critical"), route("warning")], ["on-call", "morning"]);
});

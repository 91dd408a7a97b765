/**
 * Prometheus and Alertmanager as they are deployed, on loopback: the committed files with other addresses,
 * and a second for every minute, so that what takes a quarter of an hour at night takes 15 s here.
 */

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";
import { freePort, installed, startProgram } from "./program.mjs";

const DEPLOY = fileURLToPath(new URL("../../deploy", import.meta.url));
export const HANDBOOK = "https://handbook.example.org";
const MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Durations of a rules file, `[5m]` and `for: 5m`, with a second for every minute. */
const hurried = (text) =>
  text.replace(/(\[|\bfor: |\binterval: )(\d+)([smhd])(?=\]|$)/gm, (_, before, count, unit) => `${before}${Math.max(200, (count * MS[unit]) / 60)}ms`);

export class Watchers {
  /**
   * @param {{target: string, receiver?: {url: string, mail: string}, hurry?: boolean}} options
   *   `target` is what is scraped, as host and port; without a receiver there is no Alertmanager
   */
  static async start({ target, receiver, hurry = false }) {
    const watchers = new Watchers();
    watchers.folder = mkdtempSync(join(tmpdir(), "rag-chatbot-observe-"));
    const port = await freePort();
    watchers.prometheusUrl = `http://127.0.0.1:${port}`;
    try {
      let alertmanager;
      if (receiver) {
        alertmanager = await freePort();
        await watchers.#startAlertmanager(alertmanager, receiver);
      }
      await watchers.#startPrometheus(port, target, alertmanager, hurry);
    } catch (error) {
      await watchers.stop();
      throw error;
    }
    return watchers;
  }

  async #startPrometheus(port, target, alertmanager, hurry) {
    const folder = join(this.folder, "prometheus");
    mkdirSync(folder);
    const settings = parse(readFileSync(join(DEPLOY, "prometheus/prometheus.yml"), "utf8"));
    settings.global = { scrape_interval: "250ms", evaluation_interval: "250ms", external_labels: { handbook: HANDBOOK } };
    settings.alerting = alertmanager ? { alertmanagers: [{ static_configs: [{ targets: [`127.0.0.1:${alertmanager}`] }] }] } : undefined;
    settings.scrape_configs = settings.scrape_configs.slice(0, 1);
    settings.scrape_configs[0].static_configs = [{ targets: [target] }];
    writeFileSync(join(folder, "prometheus.yml"), stringify(settings));
    for (const file of settings.rule_files) {
      const rules = readFileSync(join(DEPLOY, "prometheus", file), "utf8");
      writeFileSync(join(folder, file), hurry ? hurried(rules) : rules);
    }
    this.prometheus = await startProgram(
      installed("prometheus"),
      [
        `--config.file=${join(folder, "prometheus.yml")}`, `--storage.tsdb.path=${join(folder, "data")}`,
        `--web.listen-address=127.0.0.1:${port}`, `--web.external-url=${this.prometheusUrl}`, "--query.lookback-delta=2s", "--rules.alert.resend-delay=1s", "--log.level=warn",
      ],
      { ready: `${this.prometheusUrl}/-/ready`, folder },
    );
  }

  async #startAlertmanager(port, receiver) {
    const folder = join(this.folder, "alertmanager");
    mkdirSync(join(folder, "secrets"), { recursive: true });
    for (const [name, secret] of [["pagerduty-key", "pd-key"], ["opsgenie-key", "og-key"], ["mail-password", "word"], ["slack-url", `${receiver.url}/slack`]]) {
      writeFileSync(join(folder, "secrets", name), secret);
    }
    cpSync(join(DEPLOY, "alertmanager/templates"), join(folder, "templates"), { recursive: true });
    const committed = readFileSync(join(DEPLOY, "alertmanager/alertmanager.yml"), "utf8");
    const settings = parse(committed.replaceAll("/etc/alertmanager/secrets", join(folder, "secrets")));
    Object.assign(settings.global, {
      smtp_smarthost: receiver.mail, smtp_require_tls: false, smtp_hello: "localhost",
      pagerduty_url: `${receiver.url}/v2/enqueue`, opsgenie_api_url: `${receiver.url}/`,
    });
    for (const route of [settings.route, ...settings.route.routes]) {
      Object.assign(route, { group_wait: "500ms", ...(route.group_interval ? { group_interval: "2s" } : {}) });
    }
    writeFileSync(join(folder, "alertmanager.yml"), stringify(settings));
    this.alertmanagerUrl = `http://127.0.0.1:${port}`;
    this.alertmanager = await startProgram(
      installed("alertmanager", "prometheus-alertmanager"),
      [
        `--config.file=${join(folder, "alertmanager.yml")}`, `--storage.path=${join(folder, "data")}`,
        `--web.listen-address=127.0.0.1:${port}`, `--web.external-url=${this.alertmanagerUrl}`, "--cluster.listen-address=",
      ],
      { ready: `${this.alertmanagerUrl}/-/ready`, folder },
    );
  }

  /** The value of each series that a query gives now. */
  async query(expression) {
    const answer = await fetch(`${this.prometheusUrl}/api/v1/query?${new URLSearchParams({ query: expression })}`);
    const { status, data, error } = await answer.json();
    if (status !== "success") throw new Error(`${expression}: ${error}`);
    return data.resultType === "scalar" ? [{ metric: {}, value: data.result[1] }] : data.result.map(({ metric, value }) => ({ metric, value: value[1] }));
  }

  log() {
    return `prometheus:\n${this.prometheus?.log}\nalertmanager:\n${this.alertmanager?.log}`;
  }

  async stop() {
    await this.prometheus?.stop();
    await this.alertmanager?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/**
 * The compose file's Prometheus and Alertmanager, started by its own command lines with its own files at
 * its own paths, in Debian's versions: each in a root of its own that can't be written, with the volumes
 * that the file gives it, on a network where services have their names. There is no registry of images in
 * a test; the file says which of its services no test starts. Needs root, as containers do.
 */

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BINARY = process.env.RAG_CHATBOT_BIN ?? join(ROOT, "target/release/rag-chatbot");
const PATIENCE_MS = 180_000;
/** What an image has besides its program: the system's libraries. */
const SYSTEM = ["/usr", "/bin", "/lib", "/lib64", "/sbin"].filter((path) => existsSync(path));

/** `root` becomes a file system of its own with the mounts that are listed, then the program starts in it. */
const ENTER = `set -eu
root=$1; shift
mount -t tmpfs -o mode=755 none "$root"
while [ "$1" != -- ]; do
  from=$1 to=$root$2 mode=$3; shift 3
  if [ -d "$from" ]; then mkdir -p "$to"; else mkdir -p "$(dirname "$to")"; touch "$to"; fi
  mount --rbind "$from" "$to"
  [ "$mode" = rw ] || mount -o "remount,bind,$mode" "$to"
done
shift
mkdir -p "$root/proc" "$root/tmp"
mount -t proc none "$root/proc"
mount -o remount,ro "$root"
exec chroot "$root" setpriv --no-new-privs --bounding-set -all --inh-caps -all "$@"`;

const { services, volumes } = parse(readFileSync(join(ROOT, "compose.observed.yaml"), "utf8"), { merge: true });
const scratch = mkdtempSync(join(tmpdir(), "rag-chatbot-compose-"));
const secrets = join(scratch, "secrets");
const started = [];
let network;

before(async () => {
  network = spawn("unshare", ["--net", "sh", "-c", "ip link set lo up && echo up && exec sleep infinity"], { stdio: ["ignore", "pipe", "inherit"] });
  started.push(network);
  await once(network.stdout, "data");
  // As the file's head says it.
  mkdirSync(secrets);
  for (const name of ["pagerduty-key", "opsgenie-key", "slack-url", "mail-password"]) writeFileSync(join(secrets, name), "");
  writeFileSync(join(scratch, "hosts"), `127.0.0.1 localhost ${["app", ...Object.keys(services)].join(" ")}\n`);
});

after(async () => {
  for (const child of started.reverse()) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const gone = once(child, "exit");
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), 30_000);
    await gone;
    clearTimeout(late);
  }
  rmSync(scratch, { recursive: true, force: true });
});

/** Starts `program` as a service of the compose file: its volumes, then its words. */
function start(name, program, words, mounts = [], env = {}) {
  const root = mkdtempSync(join(scratch, `${name}-`));
  const binds = [
    ...SYSTEM.map((path) => [path, path, "ro"]), ["/dev/null", "/dev/null", "rw"], ["/dev/urandom", "/dev/urandom", "rw"],
    [join(scratch, "hosts"), "/etc/hosts", "ro"], ["/etc/nsswitch.conf", "/etc/nsswitch.conf", "ro"], ["/etc/passwd", "/etc/passwd", "ro"],
    ...mounts,
  ];
  const entering = ["--target", String(network.pid), "--net", "unshare", "--mount", "--propagation", "private", "sh", "-c", ENTER, "enter", root, ...binds.flat(), "--", program, ...words];
  const child = spawn("nsenter", entering, { env: { PATH: process.env.PATH, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const service = { child, log: "" };
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (service.log += text));
  started.push(child);
  return service;
}

/** The volumes of a service, as what is mounted where and whether it may be written. */
function mountsOf(service) {
  return service.volumes.map((volume) => {
    const [source, to, mode = "rw"] = volume.split(":");
    if (source === "./secrets") return [secrets, to, mode];
    if (source.startsWith("./")) return [join(ROOT, source), to, mode];
    assert.ok(source in volumes, volume);
    return [mkdtempSync(join(scratch, `volume-${source}-`)), to, mode];
  });
}

const installed = (...names) => execFileSync("sh", ["-c", `for name; do command -v "$name" && exit; done; exit 1`, "sh", ...names], { encoding: "utf8" }).trim();

/** Asks within the network; `undefined` where nobody answers with 2xx. */
function get(url) {
  try {
    const body = execFileSync("nsenter", ["--target", String(network.pid), "--net", "curl", "--silent", "--fail", "--max-time", "10", url], { encoding: "utf8" });
    return body.startsWith("{") || body.startsWith("[") ? JSON.parse(body) : body;
  } catch {
    return undefined;
  }
}

async function until(what, condition, log) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const met = condition();
    if (met) return met;
    const ended = started.some(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null);
    if (ended || Date.now() > deadline) throw new Error(`${ended ? "one has ended before" : `not within ${PATIENCE_MS} ms`}: ${what}\n${log()}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

test("Prometheus and Alertmanager start as the compose file has it, find each other and the program, and read their rules", async () => {
  const state = mkdtempSync(join(scratch, "state-"));
  const docs = join(ROOT, "tests/browser/site");
  // The image's own settings (see the Dockerfile) and those that the file adds; the ports are the network's own.
  const app = start("app", "/rag-chatbot", ["serve"], [[BINARY, "/rag-chatbot", "ro"], [docs, "/docs", "ro"], [state, "/var/lib/rag-chatbot", "rw"]], {
    RAG_DATA: "/docs", RAG_STATE: "/var/lib/rag-chatbot", RAG_LISTEN: "0.0.0.0:8080", RAG_METRICS_LISTEN: "0.0.0.0:9464", ...services.app.environment,
  });
  const alertmanager = start("alertmanager", installed("alertmanager", "prometheus-alertmanager"), services.alertmanager.command, mountsOf(services.alertmanager));
  const prometheus = start("prometheus", installed("prometheus"), services.prometheus.command, mountsOf(services.prometheus));
  const log = () => [app, alertmanager, prometheus].map((service) => service.log).join("\n---\n");

  const ask = (path) => get(`http://127.0.0.1:9090/api/v1/${path}`)?.data;
  const targets = await until("every target is up", () => {
    const active = ask("targets")?.activeTargets;
    return active?.length === 3 && active.every(({ health }) => health === "up") && active;
  }, log);
  assert.deepEqual(targets.map(({ scrapeUrl }) => new URL(scrapeUrl).host).sort(), ["alertmanager:9093", "app:9464", "localhost:9090"]);
  assert.deepEqual(ask("alertmanagers").activeAlertmanagers, [{ url: "http://alertmanager:9093/api/v2/alerts" }]);
  assert.equal(ask("status/flags")["storage.tsdb.retention.time"], "15d");

  const written = ["levels.yml", "alerts.yml"].flatMap((name) => parse(readFileSync(join(ROOT, "deploy/prometheus", name), "utf8")).groups);
  const rules = ask("rules").groups.flatMap((group) => group.rules);
  assert.equal(rules.length, written.flatMap((group) => group.rules).length);
  assert.deepEqual(rules.filter(({ lastError }) => lastError).map(({ name, lastError }) => `${name}: ${lastError}`), []);

  const { config, cluster } = get("http://127.0.0.1:9093/api/v2/status");
  assert.equal(cluster.status, "disabled");
  const receivers = parse(readFileSync(join(ROOT, "deploy/alertmanager/alertmanager.yml"), "utf8")).receivers.map(({ name }) => name);
  assert.deepEqual(parse(config.original).receivers.map(({ name }) => name), receivers);
  for (const { child } of [app, alertmanager, prometheus]) assert.equal(child.exitCode, null);
});

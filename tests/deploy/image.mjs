/**
 * The last stage of the Dockerfile, built by buildah around a program that is there already, and
 * started from its unpacked root as a container runtime would: read-only, as the image's user,
 * without rights, with one folder to write. Needs root, but neither a daemon nor a registry.
 */

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const BINARY = process.env.RAG_CHATBOT_BIN ?? join(ROOT, "target/release/rag-chatbot");
/** With its index inside, the demo is there in a second or two; without, in a minute. */
const START_MS = 180_000;

/** Makes a root of its own for mounts, then becomes the program: its process id stays. */
const ENTER = `set -eu
root=$1 state=$2 user=$3; shift 3
mount --bind "$root" "$root"
mount --bind "$state" "$root/var/lib/rag-chatbot"
mount -o remount,ro,bind "$root"
exec setpriv --no-new-privs chroot --userspec="$user" "$root" "$@"`;

export function buildImage() {
  if (process.getuid() !== 0) throw new Error("building and starting an image needs root: use sudo -E");
  const folder = mkdtempSync(join(tmpdir(), "rag-chatbot-image-"));
  const store = ["--root", join(folder, "store"), "--runroot", join(folder, "run"), "--storage-driver", "vfs"];
  const buildah = (...words) => execFileSync("buildah", [...store, ...words], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
  const context = join(folder, "context");
  mkdirSync(context);
  execFileSync(join(ROOT, "deploy/image/layout"), [BINARY, join(context, "image")]);
  buildah("build", "--quiet", "--isolation", "chroot", "--format", "docker", "--target", "image",
    "--build-context", `root=${context}`, "--build-arg", "REVISION=0123abc", "--tag", "image", ROOT);
  const { config } = JSON.parse(buildah("inspect", "--type", "image", "image")).Docker;
  const container = buildah("from", "image");
  const root = buildah("mount", container);
  return {
    config,
    root,
    /** A named volume begins as a copy of the image's folder, with its owner. */
    volume() {
      const state = mkdtempSync(join(folder, "volume-"));
      const [user, group] = config.User.split(":").map(Number);
      chownSync(state, user, group);
      return state;
    },
    /** As container runtimes do. */
    hosts(lines) {
      writeFileSync(join(root, "etc/hosts"), lines);
    },
    remove() {
      buildah("umount", container);
      buildah("rm", container);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function startContainer(image, state, environment = {}) {
  const port = await freePort();
  const variables = [...image.config.Env, `RAG_LISTEN=127.0.0.1:${port}`, "RAG_METRICS_LISTEN=127.0.0.1:0", ...Object.entries(environment).map(([name, value]) => `${name}=${value}`)];
  const enter = (words) => ["--mount", "--propagation", "private", "sh", "-c", ENTER, "enter", image.root, state, image.config.User, ...words];
  const env = Object.fromEntries(variables.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
  const child = spawn("unshare", enter([...image.config.Entrypoint, ...image.config.Cmd]), { env, stdio: ["ignore", "ignore", "pipe"] });
  const container = {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid,
    log: "",
    /** The image's own health check. */
    health() {
      const [, ...words] = image.config.Healthcheck.Test;
      return JSON.parse(execFileSync("unshare", enter(words), { env, encoding: "utf8" }));
    },
    /** What a runtime does to stop a container; the exit code. */
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const gone = once(child, "exit");
      child.kill(image.config.StopSignal);
      const [code] = await gone;
      return code;
    },
  };
  child.stderr.on("data", (text) => (container.log += text));
  const deadline = Date.now() + START_MS;
  for (;;) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill("SIGKILL");
      throw new Error(`the container is not ready:\n${container.log}`);
    }
    if (await fetch(`${container.url}/readyz`).then((answer) => answer.ok, () => false)) return container;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

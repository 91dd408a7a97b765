/**
 * Programs that live at another time, as they are: nothing in them is changed.
 *
 * They are written in Go and ask the system for the time without its C library, where libfaketime would
 * answer. So they run in QEMU's emulation of this very processor, which asks the C library for them.
 */

import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";

const EMULATORS = { x64: "qemu-x86_64", arm64: "qemu-aarch64" };

/** `clock` is the seconds by which it is late; without one, the program runs as usual. */
export function started(program, words, options, clock) {
  if (!clock) return spawn(program, words, options);
  const env = { ...options.env, LD_PRELOAD: library(), FAKETIME: `-${clock}s` };
  return spawn(EMULATORS[process.arch], [program, ...words], { ...options, env });
}

function library() {
  const folders = readdirSync("/usr/lib", { withFileTypes: true }).filter((one) => one.isDirectory()).map(({ name }) => `/usr/lib/${name}/faketime`);
  for (const folder of [...folders, "/usr/lib/faketime"]) {
    try {
      const name = readdirSync(folder).find((file) => file.startsWith("libfaketimeMT"));
      if (name) return `${folder}/${name}`;
    } catch {
      // Not there.
    }
  }
  throw new Error("libfaketime is not installed: make tools");
}

/** Back to a moment: Litestream with the configuration in deploy/, to a real bucket, beside a running server. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Patient } from "../runbooks/patient.mjs";
import { Bucket, LITESTREAM } from "./bucket.mjs";
import { Program, everyRow } from "./program.mjs";

const CONFIG = fileURLToPath(new URL("../../deploy/litestream/litestream.yml", import.meta.url));
const PAGES = ["docs/docs", "docs/i18n/ur/docusaurus-plugin-content-docs/current"].map((folder) =>
  readFileSync(new URL(`../../${folder}/operations/backups.md`, import.meta.url), "utf8"));
/** What the handbook says to type. */
const [STEPS, IN_URDU] = PAGES.map((page) => /\{#moment\}[^]*?^```bash\n([^]*?)^```$/m.exec(page)?.[1]);
const PATIENCE_MS = 120_000;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Litestream as it runs beside a server. */
async function follow(env) {
  const child = spawn(LITESTREAM, ["replicate", "-config", CONFIG], { env, stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (log += text));
  return {
    log: () => log,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      await gone;
    },
  };
}

test("the handbook's steps are the same in Urdu", () => {
  assert.ok(STEPS);
  assert.equal(IN_URDU, STEPS);
});

test("the database goes back to a moment before it was spoilt, and is followed on from there", async () => {
  const bucket = await Bucket.open();
  const patient = await Patient.admit();
  const { STATE } = patient.variables;
  const database = join(STATE, "chat.db");
  const settings = { ...bucket.settings, STATE, BUCKET: bucket.name };
  const program = new Program(patient, settings);
  const env = { PATH: process.env.PATH, HOME: patient.folder, ...settings };
  let litestream = await follow(env);
  try {
    // Whole in the bucket: what is there can be made a database that has every row of this one.
    const arrived = async () => {
      const deadline = Date.now() + PATIENCE_MS;
      const copy = join(patient.folder, "arrived.db");
      for (;;) {
        const { code, stderr } = await program.execute(LITESTREAM, ["restore", "-config", CONFIG, "-force", "-o", copy, database]);
        if (code === 0 && JSON.stringify(everyRow(copy)) === JSON.stringify(everyRow(database))) return;
        assert.ok(Date.now() < deadline, `${stderr}\n${litestream.log()}`);
        await pause(500);
      }
    };
    await patient.ask("What is a topic?");
    await arrived();
    const good = everyRow(database);
    // Moments are told apart by whole seconds, with a margin for both clocks' roundings.
    await pause(2_100);
    const moment = new Date(Math.floor(Date.now() / 1000) * 1000).toISOString();
    await pause(2_100);
    patient.sqlite("DELETE FROM messages");
    await patient.ask("How should the battery be stored?");
    await arrived();

    await litestream.stop();
    await patient.stop();
    program.settings = { ...settings, MOMENT: moment, CONFIG, PATH: `${dirname(LITESTREAM)}:${patient.programs}:${process.env.PATH}` };
    const typed = await program.execute("bash", ["--norc", "-eu", "-c", STEPS]);
    assert.equal(typed.code, 0, typed.stderr);
    assert.deepEqual(everyRow(database), good);

    await patient.start();
    litestream = await follow(env);
    await patient.ask("What is a topic?");
    await arrived();
  } finally {
    await litestream.stop();
    await patient.leave();
    await bucket.close();
  }
});

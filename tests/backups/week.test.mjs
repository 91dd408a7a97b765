/**
 * Nine days of Litestream in a minute, with the configuration in deploy/: what it kept of a moment a week
 * ago is put back, and whole copies that are older than its retention are deleted. Litestream and the S3 server are the real
 * ones at a false time (see clock.mjs); the restore happens at the true one.
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Patient } from "../runbooks/patient.mjs";
import { Bucket, LITESTREAM } from "./bucket.mjs";
import { started } from "./clock.mjs";
import { Program, everyRow } from "./program.mjs";

const CONFIG = fileURLToPath(new URL("../../deploy/litestream/litestream.yml", import.meta.url));
const DAY_S = 24 * 60 * 60;
/** Days ago at which something is said; the first is beyond the retention of 192 hours. */
const DAYS = [10, 7, 3, 0];
/** Whole copies are made at midnight (UTC), and what is too old is deleted then: the last day begins this long before. */
const BEFORE_MIDNIGHT_S = 25;
const PATIENCE_MS = 120_000;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(what, condition, log) {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, `${what}\n${log()}`);
    await pause(500);
  }
}

test("a moment of seven days ago can be gone back to, and whole copies older than the retention are deleted", async () => {
  const bucket = await Bucket.open(DAYS[0] * DAY_S);
  const patient = await Patient.admit();
  const { STATE } = patient.variables;
  const database = join(STATE, "chat.db");
  const settings = { ...bucket.settings, STATE, BUCKET: bucket.name };
  const program = new Program(patient, settings);
  const env = { PATH: process.env.PATH, HOME: patient.folder, ...settings };
  const copy = join(patient.folder, "copy.db");
  const restore = (...words) => program.execute(LITESTREAM, ["restore", "-config", CONFIG, "-force", ...words, "-o", copy, database]);
  const said = [];
  let litestream, log;
  const stop = async () => {
    if (!litestream || litestream.exitCode !== null || litestream.signalCode !== null) return;
    const gone = once(litestream, "exit");
    litestream.kill("SIGTERM");
    await gone;
  };
  try {
    for (const [at, days] of DAYS.entries()) {
      const sinceMidnight = Math.floor(Date.now() / 1000) % DAY_S;
      const clock = days > 0 ? days * DAY_S : sinceMidnight + BEFORE_MIDNIGHT_S;
      if (at > 0) await bucket.start(clock);
      litestream = started(LITESTREAM, ["replicate", "-config", CONFIG], { env, stdio: ["ignore", "pipe", "pipe"] }, clock);
      log = "";
      for (const stream of [litestream.stdout, litestream.stderr]) stream.on("data", (text) => (log += text));
      await patient.ask(`What is a topic, ${days} days ago?`);
      let rows;
      do {
        await until(`what was said ${days} days ago has arrived`, async () => {
          const { code } = await restore();
          rows = JSON.stringify(everyRow(database));
          return code === 0 && JSON.stringify(everyRow(copy)) === rows;
        }, () => log);
        // Moments are told apart by whole seconds, with a margin for both clocks' roundings.
        await pause(2_100);
        // What an answer leaves behind is written when it has been given, and a little later.
      } while (JSON.stringify(everyRow(database)) !== rows);
      said.push({ days, rows, moment: new Date(Math.floor(Date.now() / 1000 - clock) * 1000).toISOString() });
      await pause(1_100);
      if (days > 0) {
        await stop();
        await bucket.stop();
      }
    }
    assert.equal(new Set(said.map(({ rows }) => rows)).size, DAYS.length);
    const tooOld = said.shift();
    await until(`the whole copy of ${tooOld.days} days ago is deleted`, async () => {
      const { stdout } = await program.execute(LITESTREAM, ["ltx", "-config", CONFIG, "-level", "9", database]);
      const made = stdout.split("\n").slice(1).filter(Boolean).map((line) => Date.parse(line.trim().split(/\s+/).at(-1)));
      return made.length > 0 && made.every((at) => at > Date.parse(tooOld.moment) + DAY_S * 1000);
    }, () => log);
    for (const { days, rows, moment } of said) {
      const { code, stderr } = await restore("-timestamp", moment, "-integrity-check", "full");
      assert.equal(code, 0, `${days} days ago: ${stderr}`);
      assert.equal(JSON.stringify(everyRow(copy)), rows, `${days} days ago`);
    }
  } finally {
    await stop();
    await patient.leave();
    await bucket.close();
  }
});

/** Backups in a bucket: a real S3 server, with everything that can be wrong with one. */

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { Patient } from "../runbooks/patient.mjs";
import { Bucket } from "./bucket.mjs";
import { Program, everyRow } from "./program.mjs";

let bucket, patient, program;

before(async () => {
  bucket = await Bucket.open();
  patient = await Patient.admit();
  program = new Program(patient, { ...bucket.settings, RAG_BACKUP_TO: `s3://${bucket.name}/some/where` });
  await bucket.ready(program);
});

after(async () => {
  await patient?.leave();
  await bucket?.close();
});

describe("a bucket", () => {
  test("holds backups that are listed, opened and pruned", async () => {
    const made = await program.outcome("backup", "create");
    assert.equal(made.rows.messages, 2);
    const { backups } = await program.outcome("backup", "list");
    assert.deepEqual(backups.map(({ name, size_bytes }) => [name, size_bytes]), [[made.name, made.size_bytes]]);
    const verified = await program.outcome("backup", "verify", "--from", `s3://${bucket.name}/some/where/${made.name}`);
    assert.deepEqual(verified.rows, made.rows);
    // Nothing of another prefix is seen.
    assert.deepEqual(await program.outcome("backup", "list", "--from", `s3://${bucket.name}/some`), { backups: [] });
    assert.deepEqual(await program.outcome("backup", "prune"), { deleted: [] });
  });

  test("takes more than is sent at once, and opens with the key alone", async () => {
    const noise = join(patient.folder, "noise");
    const place = { ...program.settings, RAG_BACKUP_TO: `s3://${bucket.name}/large`, RAG_STATE: noise };
    const large = new Program(patient, place);
    await mkdir(noise);
    // 24 MB that do not get smaller: three parts.
    await promisify(execFile)("sqlite3", [join(noise, "chat.db"), "PRAGMA user_version = 1; CREATE TABLE noise (bytes BLOB); INSERT INTO noise SELECT randomblob(1048576) FROM generate_series(1, 24)"]);
    const { stdout } = await large.run("backup", "keygen");
    const identity = join(patient.folder, "key.txt");
    await writeFile(identity, stdout);
    place.RAG_BACKUP_RECIPIENT = /age1\w+/.exec(stdout)[0];
    const made = await large.outcome("backup", "create");
    assert.ok(made.encrypted && made.size_bytes > 24_000_000, JSON.stringify(made));
    const verified = await large.outcome("backup", "verify", "--identity", identity);
    assert.deepEqual(verified.rows, { noise: 24 });
    const without = await large.run("backup", "verify");
    assert.equal(without.code, 1);
    assert.match(without.stderr, /--identity/);
  });

  test("that is not there, or does not know the key, is said in a sentence without the key", async () => {
    const wrong = [
      [{ RAG_BACKUP_TO: "s3://nobody-has-this" }, /s3:\/\/nobody-has-this: .*(there is no bucket|refuses)/],
      [{ AWS_SECRET_ACCESS_KEY: "another-secret" }, /refuses these keys/],
      [{ AWS_ACCESS_KEY_ID: "nobody" }, /refuses these keys/],
    ];
    for (const [settings, says] of wrong) {
      const { code, stderr } = await new Program(patient, { ...program.settings, ...settings }).run("backup", "create");
      assert.equal(code, 1, stderr);
      assert.match(stderr, says);
      assert.doesNotMatch(stderr, /a-secret-key|another-secret/);
    }
    assert.equal((await program.outcome("backup", "list")).backups.length, 1);
  });

  test("shows no half backup of a process that was killed", async () => {
    const place = { ...program.settings, RAG_BACKUP_TO: `s3://${bucket.name}/killed`, RAG_STATE: join(patient.folder, "noise") };
    const killed = new Program(patient, place);
    const began = Date.now();
    await killed.outcome("backup", "create");
    const whole = Date.now() - began;
    for (let n = 1; n < 8; n += 1) {
      const child = spawn(join(patient.programs, "rag-chatbot"), ["backup", "create"], { env: { PATH: process.env.PATH, ...place }, stdio: "ignore" });
      const gone = once(child, "exit");
      setTimeout(() => child.kill("SIGKILL"), (whole * n) / 8);
      await gone;
    }
    const { backups } = await killed.outcome("backup", "list");
    assert.ok(backups.length >= 1);
    for (const { name } of backups) {
      const { rows } = await killed.outcome("backup", "verify", "--from", `${place.RAG_BACKUP_TO}/${name}`);
      assert.deepEqual(rows, { noise: 24 });
    }
  });
});

test("a full disk is said, and leaves nothing that looks like a backup", async () => {
  // A disk of 64 kB, in a world of its own.
  const full = join(patient.folder, "full");
  await mkdir(full);
  const words = ["-m", "bash", "-euc", `mount -t tmpfs -o size=64k none "$FULL"; code=0; "$PROGRAM" backup create --to "$FULL" || code=$?; ls -A "$FULL" | sed 's/^/left: /'; exit $code`];
  const { code, stdout, stderr } = await new Program(patient, {
    FULL: full, PROGRAM: join(patient.programs, "rag-chatbot"), RAG_STATE: join(patient.folder, "noise"),
  }).execute("unshare", process.getuid() === 0 ? words : ["-r", ...words]);
  assert.equal(code, 1, stderr);
  assert.match(stderr, /the backup folder .*full cannot be written: No space left on device/);
  assert.doesNotMatch(stdout, /left:/);
});

test("other people's tools open a backup where this program is missing", async () => {
  const { stdout } = await program.run("backup", "keygen");
  const [identity, folder] = ["tools.txt", "tools"].map((name) => join(patient.folder, name));
  await writeFile(identity, stdout);
  const secret = new Program(patient, { RAG_BACKUP_RECIPIENT: /age1\w+/.exec(stdout)[0], RAG_BACKUP_TO: folder, KEY: identity });
  const { name } = await secret.outcome("backup", "create");
  const opened = await secret.execute("bash", ["-euc", `set -o pipefail; cd "${folder}"; age --decrypt --identity "$KEY" ${name} | tar -xzf -; sqlite3 chat.db 'PRAGMA integrity_check'`]);
  assert.equal(opened.code, 0, opened.stderr);
  assert.equal(opened.stdout, "ok\n");
  assert.deepEqual(everyRow(join(folder, "chat.db")), everyRow(join(patient.variables.STATE, "chat.db")));
  assert.equal(JSON.parse(await readFile(join(folder, "manifest.json"), "utf8")).format, 1);
  assert.equal((await readdir(folder)).filter((file) => file.endsWith(".age")).length, 1);
});

test("a running server makes its own, and tells of it in its metrics", async () => {
  const folder = join(patient.folder, "daily");
  patient.settings.RAG_BACKUP_TO = folder;
  await patient.stop();
  // The one of yesterday decides when the next is due.
  const yesterday = new Program(patient, { RAG_BACKUP_TO: folder });
  const { made_at, size_bytes } = await yesterday.outcome("backup", "create");
  await patient.start();
  const metrics = async () => (await fetch(`${patient.variables.URL}/metrics`)).text();
  const value = (text, name) => Number(new RegExp(`^${name} (.*)$`, "m").exec(text)?.[1]);
  const deadline = Date.now() + 60_000;
  let text = await metrics();
  while (Number.isNaN(value(text, "rag_backup_size_bytes")) && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    text = await metrics();
  }
  assert.equal(value(text, "rag_backup_size_bytes"), size_bytes);
  assert.equal(value(text, "rag_backup_last_success_timestamp_seconds"), Date.parse(made_at) / 1000);
});

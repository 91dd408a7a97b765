/**
 * The drill: fill a server, back up while it serves, destroy its state, restore, and compare every row.
 *
 *   make drill
 */

import assert from "node:assert/strict";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Patient } from "../runbooks/patient.mjs";
import { Bucket } from "./bucket.mjs";
import { Program, everyRow } from "./program.mjs";

const QUESTIONS = ["What is a topic?", "How should the battery be stored?", "How do I publish a page?", "Who paints the moon green?"];

/** Fills the server with conversations, ratings, a key and documents that were added over HTTP. */
async function fill(patient, program, conversations) {
  const { URL: url } = patient.variables;
  const post = async (path, body, headers = {}) => {
    const answer = await fetch(`${url}${path}`, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) });
    assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`);
    const text = await answer.text();
    return text === "" ? undefined : JSON.parse(text);
  };
  let next = 0;
  const reader = async () => {
    while (next < conversations) {
      const n = next++;
      const first = await post("/query", { query: QUESTIONS[n % QUESTIONS.length] });
      await post("/query", { query: `And what about ${n}?`, session_id: first.session_id });
      const { messages } = await (await fetch(`${url}/sessions/${first.session_id}`)).json();
      await post("/feedback", { message_id: messages[1].id, session_id: first.session_id, rating: n % 5 ? "up" : "down", comment: `شکریہ ${n}` });
    }
  };
  await Promise.all(Array.from({ length: 8 }, reader));
  const { key } = await program.outcome("key", "create", "drill", "--scope", "write:documents");
  for (let n = 0; n < 5; n += 1) {
    await post("/ingest", { chapter: `Drill ${n}`, section: "Notes", content: `Note ${n} of the drill says ${n * n}.`, book_version: "1" }, { authorization: `Bearer ${key}` });
  }
}

/** Readers who go on asking what is answered, so that they add rows and change none. */
function goOn(patient) {
  let going = true;
  const promised = [];
  const reader = async () => {
    while (going) {
      const answer = await patient.ask(QUESTIONS[promised.length % 2]);
      assert.equal(answer.status, 200, JSON.stringify(answer));
      promised.push(answer.session_id);
    }
  };
  const readers = Array.from({ length: 4 }, reader);
  return async () => {
    going = false;
    await Promise.all(readers);
    return promised;
  };
}

const pushed = async (state) => {
  const names = (await readdir(join(state, "pushed"))).sort();
  return Promise.all(names.map(async (name) => [name, await readFile(join(state, "pushed", name), "utf8")]));
};

/** Returns the figures of the drill; throws where a row is missing, or one too many. */
export async function drill(conversations) {
  const bucket = await Bucket.open();
  const patient = await Patient.admit();
  try {
    const { STATE, QUESTION } = patient.variables;
    patient.settings.RATE_LIMIT_QUERIES_PER_DAY = "0";
    await patient.stop();
    await patient.start();
    const program = new Program(patient, { ...bucket.settings, RAG_BACKUP_TO: `s3://${bucket.name}/drill` });
    await bucket.ready(program);
    const pair = await program.run("backup", "keygen");
    const identity = join(patient.folder, "key.txt");
    await writeFile(identity, pair.stdout);
    program.settings.RAG_BACKUP_RECIPIENT = /age1\w+/.exec(pair.stdout)[0];
    await fill(patient, program, conversations);
    const database = join(STATE, "chat.db");
    const before = everyRow(database);
    const documents = await pushed(STATE);

    const stop = goOn(patient);
    const created = Date.now();
    const made = await program.outcome("backup", "create");
    const backed = (Date.now() - created) / 1000;
    const promised = await stop();
    assert.ok(promised.length > 0, "readers were answered meanwhile");
    const after = everyRow(database);

    await patient.stop("SIGKILL");
    const destroyed = Date.now();
    await rm(STATE, { recursive: true });
    await mkdir(STATE);
    const restored = await program.outcome("backup", "restore", "--identity", identity);
    assert.equal(restored.name, made.name);
    const found = everyRow(database);
    await patient.start();
    const minutes = (Date.now() - destroyed) / 60_000;

    assert.deepEqual(Object.keys(found), Object.keys(before));
    let rows = 0;
    for (const [table, there] of Object.entries(found)) {
      rows += there.length;
      // A conversation that began while the backup was made has been used since: its last column.
      const came = (row) => (table === "chat_sessions" ? row.slice(0, row.lastIndexOf(",")) : row);
      const [has, could] = [new Set(there), new Set(after[table].map(came))];
      for (const row of before[table]) assert.ok(has.has(row), `${table} lacks ${row}`);
      for (const row of there) assert.ok(could.has(came(row)), `${table} has ${row}, which was never there`);
    }
    assert.deepEqual(await pushed(STATE), documents);
    const answer = await patient.ask(QUESTION);
    assert.equal(answer.status, 200);
    return { rows, documents: documents.length, size_bytes: made.size_bytes, backup_s: backed, answered_meanwhile: promised.length, minutes };
  } finally {
    await patient.leave();
    await bucket.close();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const figures = await drill(Number(process.env.CONVERSATIONS ?? 2000));
  console.log(`${figures.rows} rows and ${figures.documents} documents, ${figures.size_bytes} bytes encrypted, backed up and opened in ${figures.backup_s.toFixed(1)} s`);
  console.log(`while ${figures.answered_meanwhile} questions were answered. Destroyed, restored and ready again in ${figures.minutes.toFixed(2)} minutes; every row is there.`);
}

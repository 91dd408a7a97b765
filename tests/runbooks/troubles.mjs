/** What each runbook is for, caused on a patient: by the test that follows it, and by the labs. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { appendFile, open, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { startUpstream } from "../browser/upstream.mjs";

/** An address that nothing listens at any more. */
async function nowhere() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return `http://127.0.0.1:${port}/v1`;
}

/**
 * Per page: how the trouble comes about, what the commands under "confirm" then show, and what is done
 * that isn't a command, such as changing a setting; `cured` looks at more than the page's own last commands.
 */
export const TROUBLES = {
  "service-down": {
    cause: (patient) => patient.stop("SIGKILL"),
    shows: /no answer from http[^]*ok {3}documentation: 4 files[^]*ok {3}chat database/,
  },
  "high-error-rate": {
    // A table that is gone fails every question, as a bad migration would.
    async cause(patient) {
      patient.sqlite("ALTER TABLE chat_sessions RENAME TO hidden");
      const answer = await patient.ask("What is a topic?");
      assert.ok(answer.status >= 500, `${answer.status}`);
    },
    shows: /rag_http_requests_total\{route="\/query",method="POST",status="5\d\d"\} 1[^]*chat database/,
    otherwise: (patient) => patient.sqlite("ALTER TABLE hidden RENAME TO chat_sessions"),
  },
  "high-latency": { shows: /answered in 0\.\d+ s\n[^]*rag_retrieval_duration_seconds_count \d+\n[^]*load average/ },
  "slow-degradation": { shows: /RSS[^]*chat\.db[^]*rag_active_sessions 1\n/ },
  database: {
    async cause(patient) {
      await patient.stop();
      // What is still in the log beside the file would heal it.
      patient.sqlite("PRAGMA wal_checkpoint(TRUNCATE)");
      const file = await open(join(patient.variables.STATE, "chat.db"), "r+");
      // Everything after SQLite's own header.
      await file.write(Buffer.alloc((await file.stat()).size - 100, 0x5a), 0, undefined, 100);
      await file.close();
      await assert.rejects(() => patient.start(), /chat\.db/);
    },
    shows: /chat\.db is damaged/,
    cured: (patient) => assert.match(patient.sqlite("SELECT count(*) FROM messages"), /^2\n/),
  },
  "disk-full": { shows: /Filesystem[^]*index/ },
  "index-stale": {
    async cause(patient) {
      patient.settings.RAG_WATCH = "false";
      await patient.stop();
      await patient.start();
      patient.variables.WORDS = "zirconium gearbox";
      await appendFile(join(patient.variables.DOCS, "docs/topics.md"), "\n## Gears\n\nThe zirconium gearbox wants no oil.\n");
    },
    shows: (text) => assert.doesNotMatch(text, /zirconium gearbox wants/),
  },
  "model-away": {
    async cause(patient) {
      patient.settings.OPENAI_BASE_URL = await nowhere();
      patient.settings.OPENAI_API_KEY = "sk-test";
      await patient.stop();
      await patient.start();
      assert.equal((await patient.ask("What is a topic?")).generator, "quoting");
    },
    shows: /no answer from the model server[^]*rag_answers_total\{generator="quoting"/,
    async otherwise(patient) {
      this.upstream = await startUpstream();
      patient.settings.OPENAI_BASE_URL = this.upstream.url;
      await patient.stop();
    },
    after() {
      this.upstream.close();
    },
  },
  "model-costs": {
    async cause(patient) {
      this.upstream = await startUpstream();
      Object.assign(patient.settings, { OPENAI_BASE_URL: this.upstream.url, OPENAI_API_KEY: "sk-test" });
      await patient.stop();
      await patient.start();
      assert.equal((await patient.ask("What is a topic?")).generator, "openai");
    },
    shows: /day\|model\|answers\|tokens\|usd\n20\d\d-\d\d-\d\d\|gpt-4o-mini\|1\|120\|[^]*rag_tokens_used_total\{kind="prompt",model="gpt-4o-mini"\} 100/,
    async otherwise(patient) {
      patient.settings = {};
      await patient.stop();
    },
    after() {
      this.upstream.close();
    },
  },
  security: {
    cause(patient) {
      const made = JSON.parse(patient.rag("key", "create", "leaked", "--scope", "admin", "--json", "--state", patient.variables.STATE));
      Object.assign(patient.variables, { KEY_ID: made.id, KEY: made.key ?? made.token });
    },
    shows: /leaked[^]*rag_http_requests_total/,
    async cured(patient) {
      const keys = patient.rag("key", "list", "--state", patient.variables.STATE);
      assert.match(keys, /after the incident/);
    },
  },
  "data-loss": {
    async cause(patient) {
      await patient.stop();
      for (const name of ["chat.db", "chat.db-wal", "chat.db-shm"]) await rm(join(patient.variables.STATE, name), { force: true });
      await patient.start();
    },
    shows: /^0\|\n20\d\d-\d\d-\d\d .* rag-chatbot-[^]*"messages":2\b/,
    cured: (patient) => assert.match(patient.sqlite("SELECT count(*) FROM messages"), /^2\n/),
  },
};

/** A TypeScript client generated from the OpenAPI document by public generators asks a question. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { after, test } from "node:test";
import { promisify } from "node:util";

const run = promisify(execFile);
const at = import.meta.dirname;
// Inside this folder, so that the compiler and the program find what is installed here.
const folder = `${at}/node_modules/.generated`;
after(() => rm(folder, { recursive: true, force: true }));

const PROGRAM = `
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

const client = createClient<paths>({ baseUrl: process.env.RAG_CHATBOT_URL });
const { data, error } = await client.POST("/query", { body: { query: "How long does the battery last?" } });
// The other shape is an event of a stream, which was not asked for.
if (!data || !("answer" in data)) throw new Error(error?.detail);
const sources: string[] = data.sources.map((source) => source.url);
const found = await client.GET("/search", { params: { query: { q: "wheels of rubber", limit: 1 } } });
const wrong = await client.GET("/search", { params: { query: { q: "" } } });
console.log(JSON.stringify({ answer: data.answer, sources, found: found.data?.results[0]?.url, code: wrong.error?.code }));
`;

test("types and a client are generated, hold, and ask", async () => {
  await mkdir(folder, { recursive: true });
  const description = await fetch(`${process.env.RAG_CHATBOT_URL}/openapi.json`);
  await writeFile(`${folder}/openapi.json`, await description.text());
  await writeFile(`${folder}/ask.mts`, PROGRAM);
  await run("npx", ["openapi-typescript", `${folder}/openapi.json`, "-o", `${folder}/schema.d.ts`, "--default-non-nullable", "false"], { cwd: at });
  const strict = "--strict --target es2022 --module nodenext --moduleResolution nodenext --types node --skipLibCheck".split(" ");
  await run("npx", ["tsc", ...strict, `${folder}/ask.mts`], { cwd: at });
  const { stdout } = await run(process.execPath, [`${folder}/ask.mjs`]);
  const said = JSON.parse(stdout);
  assert.match(said.answer, /nine hours/);
  assert.deepEqual(said.sources, ["/intro#battery-life"]);
  assert.equal(said.found, "/intro#wheels");
  assert.equal(said.code, "query_empty");
});

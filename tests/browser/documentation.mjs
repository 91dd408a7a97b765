/** Our own documentation, built by Docusaurus and served by the real binary. */

import { existsSync } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startBinary } from "./binary.mjs";

const DOCS = process.env.RAG_CHATBOT_DOCS ?? fileURLToPath(new URL("../../docs", import.meta.url));
export const BUILD = join(DOCS, "build");
/** Where npm's tools keep what can be made again: the index is then embedded once, not once per test file. */
const STATE = fileURLToPath(new URL("node_modules/.cache/documentation", import.meta.url));

/** @param {Parameters<typeof startBinary>[0]} [options] */
export async function startDocumentation(options) {
  if (!existsSync(join(BUILD, "index.html"))) throw new Error("docs/build is missing; `make site` makes it");
  await mkdir(STATE, { recursive: true });
  // What earlier readers asked, and how much of their limits they used, is not of this run.
  const left = (await readdir(STATE)).filter((name) => name.startsWith("chat.db"));
  await Promise.all(left.map((name) => rm(join(STATE, name))));
  return startBinary({ data: DOCS, state: STATE, ...options });
}

/** The file of the build behind a page's path: `/docs/using/chat` → `docs/build/docs/using/chat/index.html`. @param {string} path */
export const builtPage = (path) => join(BUILD, decodeURIComponent(path), "index.html");

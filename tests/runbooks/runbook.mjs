/** A runbook as its reader follows it: its parts, and the commands in them. */

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const DOCS = fileURLToPath(new URL("../../docs", import.meta.url));
const FOLDERS = {
  en: join(DOCS, "docs/operations/runbooks"),
  ur: join(DOCS, "i18n/ur/docusaurus-plugin-content-docs/current/operations/runbooks"),
};

export const PARTS = ["symptoms", "confirm", "do", "worked", "call"];

export const pages = () =>
  readdirSync(FOLDERS.en)
    .map((name) => name.replace(/\.md$/, ""))
    .filter((name) => name !== "index");

/**
 * The commands of each part, in order. Blocks marked `bash` are run; one marked `bash stopped` is for
 * a server that doesn't run. Blocks marked `sh` are for one platform and aren't run.
 * @returns {Record<string, {commands: string, stopped: boolean}[]>}
 */
export function readRunbook(page, locale = "en") {
  const text = readFileSync(join(FOLDERS[locale], `${page}.md`), "utf8");
  const parts = {};
  for (const section of text.split(/^## /m).slice(1)) {
    const id = /\{#(\w+)\}/.exec(section)?.[1];
    parts[id] = [...section.matchAll(/^```bash( stopped)?\n([^]*?)^```$/gm)].map(([, stopped, commands]) => ({ commands, stopped: Boolean(stopped) }));
  }
  return parts;
}

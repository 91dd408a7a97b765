// Checks what the build does not: both languages are complete, a chapter has enough text to teach
// from, the lockfile names no host, and no page loads anything from elsewhere. Run with
// `npm run check`.

import {readdirSync, readFileSync, statSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const english = path.join(root, 'docs');
const urdu = path.join(root, 'i18n/ur/docusaurus-plugin-content-docs/current');
const problems = [];

function pagesIn(folder) {
  return readdirSync(folder, {recursive: true})
    .filter((name) => /\.mdx?$/.test(name) && statSync(path.join(folder, name)).isFile())
    .sort();
}

function read(folder, page) {
  return readFileSync(path.join(folder, page), 'utf8');
}

function withoutFences(text) {
  return text.replace(/^( *)(```+|~~~+)[^\n]*\n[\s\S]*?^\1\2 *$/gm, '');
}

function withoutCode(text) {
  return withoutFences(text).replace(/`[^`\n]*`/g, '');
}

/**
 * Levels and ids of the headings, which both languages must share: a missing one is a missing
 * section, and a reader who changes the language stays at the same heading.
 */
function outline(text) {
  const headings = withoutFences(text).matchAll(/^(#{2,6}) .*?(?:\{#([^}]+)\})?$/gm);
  return [...headings].map(([, marks, id]) => `${marks} ${id ?? 'without an id'}`).join('\n');
}

/** Words of running text: no front matter, code, tables, imports or addresses of links. */
function wordsOfProse(text) {
  const prose = withoutCode(text)
    .replace(/^---\n[\s\S]*?\n---\n/, '')
    .replace(/^(import |\|).*$/gm, '')
    .replace(/\]\([^)]*\)|\{#[^}]*\}|<[^>]*>/g, ' ');
  return prose.split(/\s+/).filter((word) => /\w/.test(word)).length;
}

/** The least that a chapter of the textbook promises its reader. */
const CHAPTER_WORDS = 700;

const pages = {en: pagesIn(english), ur: pagesIn(urdu)};
for (const page of pages.en) {
  if (!pages.ur.includes(page)) {
    problems.push(`${page}: has no Urdu page`);
    continue;
  }
  if (outline(read(english, page)) !== outline(read(urdu, page))) {
    problems.push(`${page}: the Urdu page does not have the same sections`);
  }
}
for (const page of pages.en.filter((name) => name.startsWith('textbook'))) {
  const words = wordsOfProse(read(english, page));
  if (words < CHAPTER_WORDS) {
    problems.push(`${page}: has ${words} words of prose, of at least ${CHAPTER_WORDS}`);
  }
}
for (const page of pages.ur.filter((name) => !pages.en.includes(name))) {
  problems.push(`${page}: is in Urdu only`);
}

for (const folder of [english, urdu]) {
  for (const page of pagesIn(folder)) {
    const text = read(folder, page);
    const name = path.relative(root, path.join(folder, page));
    if (!/^---\n[\s\S]*?^title: .+\n[\s\S]*?^description: .+\n[\s\S]*?^---$/m.test(text)) {
      problems.push(`${name}: needs a title and a description`);
    }
    if (/<(img|script|iframe|link|video)\b|!\[[^\]]*\]\(https?:/i.test(withoutCode(text))) {
      problems.push(`${name}: loads something from elsewhere`);
    }
  }
}

if (/"resolved"/.test(readFileSync(path.join(root, 'package-lock.json'), 'utf8'))) {
  problems.push('package-lock.json: names registry hosts; install with the settings of .npmrc');
}

for (const problem of problems) {
  console.error(problem);
}
if (problems.length > 0) {
  process.exitCode = 1;
} else {
  console.log(`${pages.en.length} pages, complete in English and Urdu`);
}

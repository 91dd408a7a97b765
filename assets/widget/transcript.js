/** A conversation as Markdown, to keep or to send to somebody. */

import { h } from "./element.js";
import { quoteOf, resolve, trail } from "./sources.js";

/**
 * @param {Turn[]} turns
 * @param {Settings} settings
 * @param {Strings} words
 */
export function transcriptOf(turns, settings, words) {
  const parts = [`# ${settings.title ?? words.title}\n\n<${location.href}>`];
  for (const turn of turns) {
    parts.push(`## ${turn.question.replace(/\s+/g, " ")}`);
    if (turn.selectedText) parts.push(turn.selectedText.replace(/^/gm, "> "));
    if (turn.abstained) parts.push(`*${words.notFound}*`);
    else if (turn.generator === "quoting") parts.push(`*${words.quoted}*`);
    if (turn.answer) parts.push(turn.answer);
    if (turn.sources.length === 0) continue;
    const lines = turn.sources.map((source, index) => {
      const quote = quoteOf(source).replace(/\s+/g, " ");
      const name = trail(source).replace(/[[\]]/g, "\\$&");
      return `${index + 1}. [${name}](${resolve(source.url, settings)})${quote ? `\n   > ${quote}` : ""}`;
    });
    parts.push(`${turn.abstained ? words.nearest : words.sources}:\n\n${lines.join("\n")}`);
  }
  return `${parts.join("\n\n")}\n`;
}

/**
 * @param {string} text
 * @param {string} name
 */
export function download(text, name) {
  const address = URL.createObjectURL(new Blob([text], { type: "text/markdown" }));
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

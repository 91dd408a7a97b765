/** Sources: where an answer's sentences are on the site, drawn as links that lead there. */

import { h } from "./element.js";
import { directionOf } from "./language.js";

/**
 * The address of a source: the server names it as a path below the site's own address.
 * @param {string} address
 * @param {Settings} settings
 */
export const resolve = (address, settings) =>
  /^https?:/.test(address) ? address : new URL(`./${address.replace(/^\/+/, "")}`, settings.site).href;

/** "Page › Heading › Subheading", without saying one thing twice. @param {Source | SearchResult} source */
export function trail(source) {
  const names = [source.title, ...(source.heading_path?.length ? source.heading_path : [source.section])];
  return names.filter((name, index) => name && name !== names[index - 1]).join(" › ");
}

/**
 * The trail drawn; its arrows in a font of their own, for a Nastaliq one makes them look like commas.
 * @param {string} name
 * @param {string} direction of the widget's own words
 */
export const drawTrail = (name, direction) =>
  h("span", { class: "trail", dir: directionOf(name, direction) }, ...name.split(/(›)/).map((part) => (part === "›" ? h("i", {}, part) : part)));

/** What is to be found again on the page. @param {Source} source */
export const quoteOf = (source) => (source.quote || source.content || "").trim();

/**
 * @param {Source[]} sources
 * @param {Settings} settings
 * @param {string} heading
 * @param {string} direction of the widget's own words
 * @param {(source: Source, event: MouseEvent) => void} follow
 */
export function drawSources(sources, settings, heading, direction, follow) {
  const list = h("ol", { class: "sources-list" });
  for (const source of sources) {
    const quote = quoteOf(source);
    const name = trail(source) || source.url;
    list.append(
      h(
        "li",
        {},
        h(
          "a",
          { href: resolve(source.url, settings), class: "source", onclick: (/** @type {MouseEvent} */ event) => follow(source, event) },
          drawTrail(name, direction),
          quote && h("q", { dir: directionOf(quote, direction) }, quote),
        ),
      ),
    );
  }
  return h("section", { class: "sources", "aria-label": heading }, h("h3", {}, heading), list);
}

/**
 * A conversation as Markdown, to keep or to send to somebody.
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

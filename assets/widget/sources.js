/** Sources: where an answer's sentences are on the site, drawn as links that lead there. */

import { h } from "./element.js";
import { directionOf } from "./language.js";

/**
 * The address of a source on the site it belongs to. The server may name it as a path.
 * @param {string} address
 * @param {Settings} settings
 */
export function resolve(address, settings) {
  const { pathname: below, origin } = new URL(settings.api);
  const url = new URL(address, settings.api);
  if (url.origin !== origin) return /^https?:$/.test(url.protocol) ? url.href : settings.site;
  const path = url.pathname.startsWith(below) ? url.pathname.slice(below.length) : url.pathname.slice(1);
  return new URL(`./${path}${url.search}${url.hash}`, settings.site).href;
}

/** "Page › Heading › Subheading", without saying one thing twice. @param {Source | SearchResult} source */
export function trail(source) {
  const names = [source.title, ...(source.heading_path?.length ? source.heading_path : [source.section])];
  return names.filter((name, index) => name && name !== names[index - 1]).join(" › ");
}

/** What is to be found again on the page. @param {Source} source */
export const quoteOf = (source) => (source.quote || source.content || "").trim();

/**
 * @param {Source[]} sources
 * @param {Settings} settings
 * @param {string} heading
 * @param {boolean} numbered
 * @param {(source: Source, event: MouseEvent) => void} follow
 */
export function drawSources(sources, settings, heading, numbered, follow) {
  const list = h(numbered ? "ol" : "ul", { class: "sources-list" });
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
          h("span", { class: "trail", dir: directionOf(name) }, name),
          quote && h("q", { dir: directionOf(quote) }, quote),
        ),
      ),
    );
  }
  return h("section", { class: "sources", "aria-label": heading }, h("h3", {}, heading), list);
}

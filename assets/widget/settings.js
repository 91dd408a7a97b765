/**
 * What the site's owner asked for: attributes of <rag-chatbot>, else data-* of the script tag.
 * Knows nothing about the page being read; that is page.js.
 */

/**
 * @param {HTMLElement} host
 * @param {string} entry the address widget.js was loaded from
 * @returns {Settings}
 */
export function readSettings(host, entry) {
  const script = [...document.scripts].find((tag) => tag.src === entry);
  /** @param {string} name */
  const read = (name) =>
    host.getAttribute(name) ??
    host.getAttribute(`data-${name}`) ??
    script?.getAttribute(`data-${name}`) ??
    undefined;

  const api = folder(read("api") || (entry.split("_rag/")[0] ?? "/"));
  const site = read("site");
  return {
    api,
    site: site ? folder(site) : api,
    locale: read("locale"),
    version: read("version"),
    path: read("path"),
    key: (read("key") ?? "/").replace(/^none$/, "").toLowerCase(),
    title: read("title"),
    examples: (read("examples") ?? "").split("|").filter(Boolean),
    theme: read("theme"),
    launcher: read("launcher") !== "none",
    selection: read("selection") !== "none",
    analytics: switchedOn(read("analytics")),
    analyticsText: switchedOn(read("analytics-text")),
    fullPage: host.hasAttribute("full-page"),
  };
}

/** @param {string | undefined} value */
const switchedOn = (value) => value !== undefined && value !== "false";

/** @param {string} address */
function folder(address) {
  const url = new URL(address, document.baseURI).href;
  return url.endsWith("/") ? url : `${url}/`;
}

/**
 * Tells the page that something happened; see analytics.js.
 * @typedef {(name: "query" | "answer" | "feedback" | "error", facts: Record<string, string | number | boolean | undefined>, text?: Record<string, string | undefined>) => void} Report
 */

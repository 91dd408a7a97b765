/**
 * Where the widget finds itself: what the site's owner asked for, and the language, version and
 * colours of the page being read. The page is read anew at each use, because a Docusaurus site
 * changes it without loading another.
 */

/**
 * What the owner asked for: attributes of <rag-chatbot>, else data-* of the script tag.
 * @param {HTMLElement} host
 * @param {string} entry the address widget.js was loaded from
 * @returns {Settings}
 */
export function readSettings(host, entry) {
  const tags = [entry, new URL("start.js", entry).href];
  const script = [...document.scripts].find((tag) => tags.includes(tag.src));
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

/** @param {string[]} names of meta tags, the first present one wins */
const meta = (...names) =>
  names
    .map((name) => document.querySelector(`meta[name="${name}"]`)?.getAttribute("content"))
    .find(Boolean) ?? undefined;

/**
 * What a question asked from this page is about.
 * @param {Settings} settings
 * @returns {Scope}
 */
export function readScope(settings) {
  /** @type {Scope} */
  const scope = {};
  const locale = settings.locale ?? meta("docusaurus_locale", "docsearch:language");
  const version = settings.version ?? meta("docusaurus_version", "docsearch:version");
  if (locale) scope.locale = locale;
  if (version) scope.version = version;
  if (settings.path) scope.path = settings.path;
  return scope;
}

/**
 * The language the widget itself speaks here.
 * @param {Settings} settings
 */
export function readLanguage(settings) {
  const asked = settings.fullPage ? new URLSearchParams(location.search).get("locale") : null;
  return (
    asked ??
    settings.locale ??
    meta("docusaurus_locale", "docsearch:language") ??
    (document.documentElement.lang || navigator.language)
  );
}

/** @param {Settings} settings */
export function isDark(settings) {
  const said =
    settings.theme ?? document.documentElement.dataset.theme ?? document.body.dataset.theme;
  if (said === "dark" || said === "light") return said === "dark";
  const wished = matchMedia("(prefers-color-scheme: dark)").matches;
  if (settings.fullPage) return wished;
  for (const element of [document.body, document.documentElement]) {
    const [red = 0, green = 0, blue = 0, alpha = 1] =
      getComputedStyle(element).backgroundColor.match(/[\d.]+/g)?.map(Number) ?? [];
    if (alpha > 0.5) return red * 0.3 + green * 0.6 + blue * 0.1 < 110;
  }
  return wished && getComputedStyle(document.documentElement).colorScheme.includes("dark");
}

/**
 * Calls back when the page changes colours or language.
 * @param {() => void} changed
 */
export function watchPage(changed) {
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, {
    attributeFilter: ["data-theme", "class", "lang", "style"],
  });
  const wish = matchMedia("(prefers-color-scheme: dark)");
  wish.addEventListener("change", changed);
  return () => {
    observer.disconnect();
    wish.removeEventListener("change", changed);
  };
}

/** Whether the page brings a search of its own, whose keys are then left alone. */
export const hasOwnSearch = () =>
  document.querySelector(
    '[class*="DocSearch"], [class*="searchBar"], [class*="search-bar"], [role="search"], input[type="search"], .navbar__search',
  ) !== null;

/** WCAG AA for text, with some room for rounding and tinted grounds. */
const READABLE = 5;

/**
 * Sets --on-accent and --accent-ink on the root from the colours it has inherited.
 * @param {HTMLElement} root
 */
export function setInks(root) {
  const accent = read(root, "var(--accent)");
  const surface = read(root, "var(--surface)");
  const text = read(root, "var(--text)");
  const black = [0, 0, 0];
  const white = [255, 255, 255];
  const onAccent = contrast(white, accent) >= 4.5 || contrast(white, accent) > contrast(black, accent) ? white : black;
  let ink = accent;
  for (let share = 0; share <= 1 && contrast(ink, surface) < READABLE; share += 0.1) {
    ink = accent.map((value, index) => Math.round(value * (1 - share) + (text[index] ?? 0) * share));
  }
  root.style.setProperty("--on-accent", `rgb(${onAccent.join(" ")})`);
  root.style.setProperty("--accent-ink", `rgb(${ink.join(" ")})`);
}

/**
 * @param {HTMLElement} root
 * @param {string} colour
 */
function read(root, colour) {
  const before = root.style.color;
  root.style.color = colour;
  const computed = getComputedStyle(root).color;
  root.style.color = before;
  const numbers = computed.match(/[\d.]+/g)?.map(Number) ?? [];
  // color(srgb 0.1 0.2 0.3) counts to one, rgb(…) to 255.
  return numbers.slice(0, 3).map((value) => (computed.startsWith("rgb") ? value : value * 255));
}

/**
 * @param {number[]} one
 * @param {number[]} other
 */
function contrast(one, other) {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

/** As WCAG defines it. @param {number[]} colour */
function luminance(colour) {
  const [red = 0, green = 0, blue = 0] = colour.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

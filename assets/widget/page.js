/**
 * The page being read: its language, version and colours.
 * Read anew at each use, because a Docusaurus site changes them without loading a page.
 */

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

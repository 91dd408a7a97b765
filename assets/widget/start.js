/**
 * What this server's own pages load: it has the widget fetched once the page is painted, so that the
 * two never share a slow line. Pages elsewhere load widget.js themselves.
 */

const begin = () => import("./widget.js");

new PerformanceObserver((paints, observer) => {
  if (paints.getEntriesByName("first-contentful-paint").length === 0) return;
  observer.disconnect();
  void begin();
}).observe({ type: "paint", buffered: true });

// A page in the background is loaded, but not painted.
if (document.readyState === "complete") void begin();
else addEventListener("load", begin);

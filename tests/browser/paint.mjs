/**
 * How long a reader on a slow phone waits for the first paint of our documentation, with the widget
 * and without it. Run by hand (`npm run paint`, or with the paths of pages); it measures and prints,
 * it judges nothing.
 */

import { startDocumentation } from "./documentation.mjs";
import { openBrowser } from "./reader.mjs";

/** Chrome's own "Fast 3G" preset, in bytes a second and milliseconds. */
const FAST_3G = { offline: false, downloadThroughput: (1.6e6 / 8) * 0.9, uploadThroughput: (750e3 / 8) * 0.9, latency: 562.5 };
const CPU_SLOWDOWN = 4;
const RUNS = 7;

const [binary, browser] = await Promise.all([startDocumentation(), openBrowser()]);
const pages = process.argv.length > 2 ? process.argv.slice(2) : ["/", "/docs/textbook/ros2", "/ur/docs/textbook/ros2"];
try {
  for (const page of pages) {
    const times = { with: [], without: [] };
    // The first visit of all compresses the files and fills the system's caches.
    await paint(page, true);
    for (let run = 0; run < RUNS; run++) {
      times.without.push(await paint(page, false));
      times.with.push(await paint(page, true));
    }
    const [without, withWidget] = [median(times.without), median(times.with)];
    console.log(JSON.stringify({ page, runs: RUNS, without_ms: without, with_ms: withWidget, added_ms: withWidget - without, ...times }));
  }
} finally {
  await browser.close();
  await binary.stop();
}

/** Milliseconds to the first contentful paint of a first visit. @param {string} page @param {boolean} withWidget */
async function paint(page, withWidget) {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
  const tab = await context.newPage();
  const devtools = await context.newCDPSession(tab);
  await devtools.send("Network.enable");
  await devtools.send("Network.emulateNetworkConditions", FAST_3G);
  await devtools.send("Emulation.setCPUThrottlingRate", { rate: CPU_SLOWDOWN });
  if (!withWidget) await devtools.send("Network.setBlockedURLs", { urls: ["*/_rag/*.js"] });
  await tab.goto(binary.url + page, { waitUntil: "load" });
  const time = await tab.waitForFunction(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
  const milliseconds = await time.jsonValue();
  await context.close();
  return Math.round(milliseconds);
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

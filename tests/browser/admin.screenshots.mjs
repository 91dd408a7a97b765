/**
 * The pictures of the handbook's page on /status and /admin, into docs/static/img/: `npm run screenshots`.
 * Everything on them has happened: the real binary on our own documentation, asked by this program.
 */

import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { startDocumentation } from "./documentation.mjs";
import { openBrowser, Reader } from "./reader.mjs";
import { startUpstream } from "./upstream.mjs";

const FOLDER = process.env.SCREENSHOTS ?? fileURLToPath(new URL("../../docs/static/img/", import.meta.url));
const KEY = "a-key-for-pictures";
/** Long enough for lines that can be seen: figures are kept every 15 seconds. */
const ASKING_MS = Number(process.env.ASKING_MS ?? 300_000);
const QUESTIONS = [
  "How do nodes find one another in ROS 2?",
  "What is forward kinematics?",
  "How do I add the chat to another site?",
  "How are conversations deleted?",
  "ROS 2 میں نوڈ ایک دوسرے کو کیسے تلاش کرتے ہیں؟",
  "Which ports does the server listen on?",
  "Can the chat be embedded in a WordPress theme?",
  "Is there a plugin for WordPress?",
  "How do I export my conversations to Slack?",
  "Does it run on Windows ARM?",
  "What is the zero moment point?",
  "کیا یہ WordPress کے ساتھ چلتا ہے؟",
];

await mkdir(FOLDER, { recursive: true });
const upstream = await startUpstream();
const [binary, browser] = await Promise.all([
  startDocumentation({
    upstream: upstream.url,
    environment: { RAG_ADMIN_KEY: KEY, RAG_MODEL_PRICES: "test=2.5/10", RAG_BUDGET_USD_PER_MONTH: "5", ENVIRONMENT: "production" },
  }),
  openBrowser(),
]);

const post = (path, body) => fetch(`${binary.url}${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

try {
  const end = Date.now() + ASKING_MS;
  for (let turn = 0; Date.now() < end; turn += 1) {
    const answer = await (await post("/query", { query: QUESTIONS[turn % QUESTIONS.length] })).json();
    if (turn % 7 === 3) await post("/feedback", { message_id: answer.message_id, rating: turn % 2 ? "up" : "down" });
    await new Promise((resolve) => setTimeout(resolve, 200 + 900 * Math.abs(Math.sin(turn / 9))));
  }
  for (const [name, locale, colorScheme] of [["status-en", "en-GB", "light"], ["status-ur", "ur-PK", "light"], ["status-dark", "en-GB", "dark"]]) {
    const reader = await Reader.arrive(browser, { locale, colorScheme, viewport: { width: 900, height: 780 } });
    await reader.page.goto(`${binary.url}/status`);
    await reader.page.screenshot({ path: `${FOLDER}${name}.png` });
    await reader.leave();
  }
  for (const [suffix, options] of [["", {}], ["-dark", { colorScheme: "dark" }], ["-phone", { viewport: { width: 390, height: 800 } }]]) {
    const reader = await Reader.arrive(browser, { viewport: { width: 1200, height: 860 }, ...options });
    await reader.page.goto(`${binary.url}/admin`);
    await reader.page.screenshot({ path: `${FOLDER}admin-door${suffix}.png` });
    await reader.page.getByLabel("Admin key").fill(KEY);
    await reader.page.keyboard.press("Enter");
    for (const view of ["overview", "charts", "gaps", "conversations", "usage", "keys", "audit"]) {
      await reader.page.goto(`${binary.url}/admin#${view}`);
      await reader.page.locator(`#view[data-view="${view}"]`).waitFor();
      await reader.page.screenshot({ path: `${FOLDER}admin-${view}${suffix}.png` });
    }
    await reader.leave();
  }
} finally {
  await browser.close();
  await binary.stop();
  upstream.close();
}

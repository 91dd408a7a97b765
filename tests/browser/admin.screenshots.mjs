/**
 * The pictures of the handbook's page on /status and /admin, into docs/static/img/, in both languages:
 * `npm run pictures`; Urdu wants a Nastaliq font (Debian's fonts-noto-core). With SCREENSHOTS=FOLDER, every
 * view goes there. What is on them has happened: the real binary on our own documentation, asked by this program.
 */

import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startDocumentation } from "./documentation.mjs";
import { openBrowser, Reader } from "./reader.mjs";
import { startUpstream } from "./upstream.mjs";

const FOLDER = process.env.SCREENSHOTS ?? fileURLToPath(new URL("../../docs/static/img/", import.meta.url));
const EVERYTHING = process.env.SCREENSHOTS !== undefined;
const VIEWS = ["overview", "charts", "gaps", "conversations", "usage", "keys", "audit"];
const KEY = "a-key-for-pictures";
/** Long enough for lines that can be seen: figures are kept every 15 seconds. */
const ASKING_MS = Number(process.env.ASKING_MS ?? 270_000);
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
    environment: { RAG_ADMIN_KEY: KEY, RAG_MODEL_PRICES: "test=2.5/10", RAG_BUDGET_USD_PER_MONTH: "5", RAG_BACKUP_TO: join(tmpdir(), "rag-chatbot-backups"), ENVIRONMENT: "production" },
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
  const converter = await (await browser.newContext()).newPage();
  /** Small enough for a page of the handbook. */
  const save = async (page, name) => {
    const png = (await page.screenshot()).toString("base64");
    const webp = await converter.evaluate(async (data) => {
      const picture = await createImageBitmap(await (await fetch(`data:image/png;base64,${data}`)).blob());
      const canvas = new OffscreenCanvas(picture.width, picture.height);
      canvas.getContext("2d").drawImage(picture, 0, 0);
      const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: "image/webp", quality: 0.85 })).arrayBuffer());
      return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
    }, png);
    await writeFile(join(FOLDER, `${name}.webp`), Buffer.from(webp, "base64"));
  };
  for (const [language, locale] of [["en", "en-GB"], ["ur", "ur-PK"]]) {
    const reader = await Reader.arrive(browser, { locale, viewport: { width: 900, height: 780 } });
    await reader.page.goto(`${binary.url}/status`);
    await save(reader.page, `status-${language}`);
    await reader.page.setViewportSize({ width: 1200, height: 860 });
    await reader.page.goto(`${binary.url}/admin`);
    await reader.page.locator("#key").fill(KEY);
    await reader.page.keyboard.press("Enter");
    for (const view of EVERYTHING ? VIEWS : ["overview"]) {
      await reader.page.goto(`${binary.url}/admin#${view}`);
      await reader.page.locator(`#view[data-view="${view}"]`).waitFor();
      await reader.page.evaluate(() => document.fonts.ready);
      await save(reader.page, `admin-${view}-${language}`);
    }
    await reader.leave();
  }
} finally {
  await browser.close();
  await binary.stop();
  upstream.close();
}

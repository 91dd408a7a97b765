/**
 * The pictures of the README: `npm run screenshots`, into assets/screenshots/.
 * They show our own documentation, served and answered by the real binary without a generator.
 */

import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { startDocumentation } from "./documentation.mjs";
import { openBrowser, Reader } from "./reader.mjs";

const FOLDER = fileURLToPath(new URL("../../assets/screenshots/", import.meta.url));
const PHONE = { viewport: { width: 390, height: 780 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
const ENGLISH = "How do nodes find one another in ROS 2?";
const URDU = "ROS 2 میں نوڈ ایک دوسرے کو کیسے تلاش کرتے ہیں؟";

const PICTURES = [
  { name: "desktop", page: "/docs/textbook/ros2/", question: ENGLISH, options: {} },
  { name: "dark", page: "/docs/textbook/ros2/", question: ENGLISH, options: { colorScheme: "dark" } },
  { name: "urdu", page: "/ur/docs/textbook/ros2/", question: URDU, options: {} },
  { name: "phone", page: "/docs/textbook/ros2/", question: ENGLISH, options: PHONE },
  { name: "search", page: "/docs/textbook/ros2/", typed: "quality of service", options: {} },
  { name: "marked", page: "/docs/textbook/", question: ENGLISH, follow: true, options: {} },
];

await mkdir(FOLDER, { recursive: true });
const [binary, browser] = await Promise.all([startDocumentation(), openBrowser()]);
try {
  for (const { name, page, question, typed, follow, options } of PICTURES) {
    const reader = await Reader.arrive(browser, options);
    await reader.visit(binary.url + page);
    await reader.open();
    if (typed) {
      await reader.box.pressSequentially(typed);
      await reader.page.locator("rag-chatbot [role=option]").first().waitFor();
      await reader.box.press("ArrowDown");
    }
    if (question) await reader.ask(question);
    if (follow) {
      await reader.turn.locator(".source").first().click();
      await reader.markedText();
    }
    await reader.page.screenshot({ path: `${FOLDER}${name}.png` });
    await reader.leave();
  }
} finally {
  await browser.close();
  await binary.stop();
}

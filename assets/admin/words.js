/**
 * What the operators' page says, in English or Urdu: by `?lang=`, else by what the browser prefers, as the
 * status page does. English texts are the keys of the others, those that the server sends among them.
 */

import { URDU } from "./urdu.js";

function chosen() {
  const asked = new URLSearchParams(location.search).get("lang");
  const wanted = [asked ?? "", ...navigator.languages].map((tag) => tag.split("-")[0].toLowerCase());
  return wanted.find((tag) => tag === "en" || tag === "ur") ?? "en";
}

export const language = chosen();

/** For numbers and times. */
export const locale = language === "ur" ? "ur-PK" : "en-GB";

const isRight = language === "ur";

/** A part that is read in its own direction, whatever stands around it. @param {string} text */
export const apart = (text) => (isRight ? `\u2068${text}\u2069` : text);

/**
 * What is said of one thing, where the same English word stands for several: `Open|gaps`.
 * @param {string} thing
 * @param {string} text
 */
export const sayOf = (thing, text) => (isRight ? say(`${text}|${thing}`) : text);

/**
 * @param {string} text in English, with `{0}`, `{1}` in the place of values
 * @param {...(string | number)} values
 */
export function say(text, ...values) {
  let said = text;
  if (isRight) {
    const found = URDU[text];
    // A test listens: a text that was added here and not there.
    if (found === undefined) console.warn(`no Urdu for: ${text}`);
    said = found ?? text;
  }
  return said.replace(/\{(\d)\}/g, (_, at) => apart(String(values[at])));
}

/** Says what stands in the page itself; `data-say` names the attributes that are said, too. */
export function sayPage() {
  const root = document.documentElement;
  root.lang = language;
  root.dir = isRight ? "rtl" : "ltr";
  if (!isRight) return;
  document.title = say(document.title);
  for (const element of document.querySelectorAll("[data-say]")) {
    for (const name of element.getAttribute("data-say")?.split(" ").filter(Boolean) ?? []) {
      element.setAttribute(name, say(element.getAttribute(name) ?? ""));
    }
    for (const node of element.childNodes) {
      const text = node.nodeType === Node.TEXT_NODE ? (node.textContent ?? "").trim() : "";
      if (text) node.textContent = (node.textContent ?? "").replace(text, say(text));
    }
  }
}

/** Puts text on the clipboard, also on pages without TLS, where only the old way works. */

import { h } from "./element.js";

/**
 * @param {string} text
 * @param {HTMLElement} beside keeps the focus, and is inside the dialog
 */
export async function copyText(text, beside) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = h("textarea", { class: "unseen", "aria-hidden": "true" });
    field.value = text;
    beside.after(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    beside.focus();
    return done;
  }
}

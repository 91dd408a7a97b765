/** Elements built without markup strings, so nothing that is said can become markup. */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any>} [attributes] `onx` adds a listener; null, undefined and false are left out
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) if (child) element.append(child);
  return element;
}

/** Drawn on a 24 × 24 grid with a 2-unit line. */
const DRAWINGS = {
  ask: "M12 3c5 0 9 3.4 9 7.6s-4 7.6-9 7.6c-.9 0-1.8-.1-2.6-.3L5 20.5l.6-4C4 15 3 12.9 3 10.6 3 6.4 7 3 12 3ZM8.5 10.6h.01M12 10.6h.01M15.5 10.6h.01",
  send: "M12 19V5M6 11l6-6 6 6",
  stop: "M7 7h10v10H7z",
  close: "M6 6l12 12M18 6L6 18",
  anew: "M12 5v14M5 12h14",
  clear: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5",
  save: "M12 4v11M7 11l5 5 5-5M5 20h14",
  page: "M14 4h6v6M20 4l-8 8M18 14v6H4V6h6",
  home: "M4 11l8-7 8 7M6 10v10h12V10",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  check: "M5 12.5l4.5 4.5L19 7.5",
  again: "M20 11a8 8 0 1 0-2.3 6M20 5v6h-6",
  up: "M7 11v9H4v-9zM7 12l4-8c1.5 0 2.5 1 2.5 2.5V10h5c1 0 1.7.9 1.5 1.9l-1.3 6.5c-.2.9-1 1.6-1.9 1.6H7",
  down: "M7 13V4H4v9zM7 12l4 8c1.5 0 2.5-1 2.5-2.5V14h5c1 0 1.7-.9 1.5-1.9l-1.3-6.5C18.5 4.7 17.7 4 16.8 4H7",
  edit: "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
};

/** @param {keyof typeof DRAWINGS} name */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", DRAWINGS[name]);
  svg.append(path);
  return svg;
}

/**
 * A button that shows a drawing and says a name.
 * @param {keyof typeof DRAWINGS} drawing
 * @param {string} name
 * @param {(event: MouseEvent) => void} pressed
 * @param {Record<string, any>} [attributes]
 */
export const iconButton = (drawing, name, pressed, attributes = {}) =>
  h(
    "button",
    { type: "button", class: "icon-button", "aria-label": name, title: name, onclick: pressed, ...attributes },
    icon(drawing),
  );

/** @param {string} css */
export function sheet(css) {
  const made = new CSSStyleSheet();
  made.replaceSync(css);
  return made;
}

/**
 * Puts text on the clipboard, also on pages without TLS, where only the old way works.
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

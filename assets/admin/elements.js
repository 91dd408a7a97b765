/** Elements made of plain values; texts stay texts. */

import { say } from "./words.js";

/**
 * @typedef {string | number | Node | null | undefined | false} Child
 * @typedef {Record<string, string | number | boolean | undefined | ((event: any) => void)>} Attributes
 */

/**
 * @param {string} name
 * @param {Attributes} [attributes] functions are listeners; false and undefined are left out
 * @param {...(Child | Child[])} children
 * @returns {HTMLElement}
 */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  fill(element, attributes, children);
  return element;
}

/**
 * @param {string} name
 * @param {Attributes} [attributes]
 * @param {...(Child | Child[])} children
 * @returns {SVGElement}
 */
export function draw(name, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  fill(element, attributes, children);
  return element;
}

/**
 * @param {Element} element
 * @param {Attributes} attributes
 * @param {(Child | Child[])[]} children
 */
function fill(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key.replace(/^on/, ""), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== undefined) element.setAttribute(key, String(value));
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== false) element.append(/** @type {Node | string} */ (typeof child === "number" ? String(child) : child));
  }
}

/**
 * @param {string[]} heads in English; those that begin with `#` are of numbers
 * @param {(Child | Child[])[][]} rows
 * @param {string} caption
 */
export function table(heads, rows, caption) {
  const number = (/** @type {number} */ at) => (heads[at].startsWith("#") ? "number" : undefined);
  return make(
    "div",
    { class: "scroll", tabindex: 0, role: "group", "aria-label": caption },
    make(
      "table",
      {},
      make("caption", { class: "sr" }, caption),
      make("thead", {}, make("tr", {}, heads.map((head, at) => make("th", { scope: "col", class: number(at) }, say(head.replace("#", "")))))),
      make("tbody", {}, rows.map((row) => make("tr", {}, row.map((cell, at) => make("td", { class: number(at) }, cell))))),
    ),
  );
}

/** @param {string} title @param {...(Child | Child[])} tools */
export const heading = (title, ...tools) => make("div", { class: "head" }, make("h1", {}, title), make("div", { class: "tools" }, ...tools));

/** @param {string} title @param {string} text */
export const nothing = (title, text) => make("div", { class: "card empty" }, make("b", {}, title), text);

/**
 * One of several, as buttons.
 * @param {string} label
 * @param {[string, string][]} options value and name
 * @param {string} chosen
 * @param {(value: string) => void} choose
 */
export function choice(label, options, chosen, choose) {
  const buttons = options.map(([value, name]) => make("button", { type: "button", "aria-pressed": String(value === chosen), onclick: () => choose(value) }, name));
  return make("div", { class: "choice", role: "group", "aria-label": label }, buttons);
}

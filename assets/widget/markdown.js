/**
 * Markdown to elements, for text that a model wrote: no markup of its own gets through, no images,
 * and a link only where it is one of the sources. Grows with a stream, block by block.
 */

import { h } from "./element.js";
import { directionOf } from "./language.js";

/**
 * @typedef {object} Surroundings
 * @property {(number: number) => Node | null} cite draws the citation of a source, if there is one
 * @property {(address: string) => HTMLAnchorElement | null} link a link to a source, if it is one
 * @property {(code: string, language: string) => Node} code draws a block of code
 * @property {string} table what a table is called
 * @property {string} [direction] of the question that is answered
 */

/** Draws a text that grows; blocks that have not changed keep their elements. */
export class Markdown {
  /** @type {string[]} */
  #drawn = [];

  /**
   * @param {HTMLElement} parent
   * @param {Surroundings} surroundings
   */
  constructor(parent, surroundings) {
    this.parent = parent;
    this.surroundings = surroundings;
  }

  /** @param {string} text */
  draw(text) {
    const blocks = blocksOf(text);
    let same = 0;
    while (same < blocks.length && blocks[same] === this.#drawn[same]) same++;
    while (this.parent.children.length > same) this.parent.lastElementChild?.remove();
    for (const block of blocks.slice(same)) this.parent.append(drawBlock(block, this.surroundings));
    this.#drawn = blocks;
    this.parent.dir = directionOf(text, this.surroundings.direction);
  }

  /** Draws everything again, because what surrounds it (the sources) has changed. */
  forget() {
    this.#drawn = [];
    this.parent.replaceChildren();
  }
}

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([\w+#.-]*)/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;

/**
 * Splits at blank lines, except inside fences and lists.
 * @param {string} text
 */
function blocksOf(text) {
  /** @type {string[]} */
  const blocks = [];
  /** @type {string[]} */
  let lines = [];
  let fence = "";
  const close = () => {
    if (lines.length > 0) blocks.push(lines.join("\n"));
    lines = [];
  };
  for (const line of text.replace(/\r\n?/g, "\n").split("\n")) {
    const mark = FENCE.exec(line)?.[1];
    if (fence) {
      lines.push(line);
      if (mark?.startsWith(fence) && line.trim() === mark) {
        fence = "";
        close();
      }
    } else if (mark && !ITEM.test(lines[0] ?? "")) {
      close();
      fence = mark;
      lines.push(line);
    } else if (!line.trim()) {
      // A list goes on after a blank line; see below.
      if (ITEM.test(lines[0] ?? "")) lines.push("");
      else close();
    } else if (/^#{1,6}\s/.test(line)) {
      close();
      blocks.push(line);
    } else {
      const inList = ITEM.test(lines[0] ?? "");
      const goesOn = ITEM.test(line) || /^\s{2,}/.test(line) || lines.at(-1) !== "";
      if (inList ? !goesOn : lines.length > 0 && ITEM.test(line)) close();
      lines.push(line);
    }
  }
  close();
  return blocks.map((block) => block.replace(/\n+$/, ""));
}

/**
 * @param {string} block
 * @param {Surroundings} around
 * @returns {Node}
 */
function drawBlock(block, around) {
  const lines = block.split("\n");
  const first = lines[0] ?? "";

  const fence = FENCE.exec(first);
  if (fence) {
    const body = lines.slice(1);
    if (body.at(-1)?.trim().startsWith(fence[1] ?? "")) body.pop();
    return around.code(body.join("\n"), fence[2] ?? "");
  }

  const heading = /^(#{1,6})\s+(.*?)\s*#*$/.exec(first);
  // The widget's own title is an h2, so an answer's headings start below it.
  if (heading) return inline(h(/** @type {"h3"} */ (`h${Math.min(6, (heading[1] ?? "").length + 2)}`)), heading[2] ?? "", around);

  if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(block)) return h("hr");

  // Nobody quotes a quote of a quote for ever, except to break something.
  if (/^\s*>(?!(\s*>){5})/.test(first)) {
    const quote = h("blockquote");
    for (const inner of blocksOf(lines.map((line) => line.replace(/^\s*> ?/, "")).join("\n"))) {
      quote.append(drawBlock(inner, around));
    }
    return aligned(quote, block, around);
  }

  if (ITEM.test(first)) return drawList(lines, around);
  if (TABLE_RULE.test(lines[1] ?? "") && first.includes("|")) return drawTable(lines, around);
  return inline(h("p"), block, around);
}

/**
 * @param {string[]} lines
 * @param {Surroundings} around
 */
function drawList(lines, around) {
  const [, indent = "", bullet = ""] = ITEM.exec(lines[0] ?? "") ?? [];
  const ordered = /\d/.test(bullet);
  const list = ordered ? h("ol", { start: Number.parseInt(bullet, 10) }) : h("ul");
  /** @type {string[][]} */
  const items = [];
  for (const line of lines) {
    const item = ITEM.exec(line);
    if (item && (item[1] ?? "").length <= indent.length + 1) items.push([item[3] ?? ""]);
    else items.at(-1)?.push(line);
  }
  for (const [text = "", ...more] of items) {
    const width = Math.min(...more.filter((line) => line.trim()).map((line) => line.search(/\S/)));
    const item = inline(h("li"), text, around);
    for (const inner of blocksOf(more.map((line) => line.slice(Math.min(width, 8))).join("\n"))) {
      item.append(drawBlock(inner, around));
    }
    list.append(item);
  }
  return aligned(list, lines.join(" "), around);
}

/**
 * @param {string[]} lines
 * @param {Surroundings} around
 */
function drawTable(lines, around) {
  /** @param {string} line */
  const cells = (line) =>
    line.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim().replace(/\\\|/g, "|"));
  /**
   * @param {string} line
   * @param {"th" | "td"} tag
   */
  const row = (line, tag) =>
    h("tr", {}, ...cells(line).map((cell) => inline(h(tag, tag === "th" ? { scope: "col" } : {}), cell, around)));
  const table = h(
    "table",
    {},
    h("thead", {}, row(lines[0] ?? "", "th")),
    h("tbody", {}, ...lines.slice(2).map((line) => row(line, "td"))),
  );
  const frame = h("div", { class: "table", role: "group", tabindex: 0, "aria-label": around.table }, table);
  return aligned(frame, lines.join(" "), around);
}

/**
 * @template {HTMLElement} E
 * @param {E} element
 * @param {string} text
 * @param {Surroundings} around
 */
function aligned(element, text, around) {
  element.dir = directionOf(text, around.direction);
  return element;
}

/**
 * Code, bold, italic, struck, link or image, citation, bare address, escaped sign; in this order.
 * Bounded where a hostile text could make it try the same letters over and over.
 */
const INLINE =
  /(`+)([^`]|[^`].*?[^`])\1(?!`)|\*\*(?=\S)(.+?)\*\*|__(?=\S)(.+?)__|(?<![*\w])\*(?=\S)([^*]+?)\*(?!\*)|(?<![\w_])_(?=\S)([^_]+?)_(?![\w_])|~~(.+?)~~|!?\[([^\]]{0,500})\]\( ?<?([^)\s>]{0,2000})>?(?:\s["'][^)]{0,500})?\)|\[(\d{1,2}(?:\s*[,،]\s*\d{1,2})*)\]|(https?:\/\/[^\s<>()"']+[^\s<>()"'.,;:!?،۔])|\\([!-/:-@[-`{-~])/s;

/**
 * @template {HTMLElement} E
 * @param {E} element
 * @param {string} text
 * @param {Surroundings} around
 */
function inline(element, text, around) {
  if (/^(P|LI|H\d|T[HD])$/.test(element.tagName)) aligned(element, text, around);
  fill(element, text, around, directionOf(text, around.direction) === "rtl");
  return element;
}

/**
 * @param {HTMLElement} element
 * @param {string} text
 * @param {Surroundings} around
 * @param {boolean} leftward
 */
function fill(element, text, around, leftward) {
  let rest = text;
  for (let found = INLINE.exec(rest); found; found = INLINE.exec(rest)) {
    const before = rest.slice(0, found.index);
    // A citation stays on the line of the word it follows.
    plain(element, found[10] ? before.replace(/ $/, "\u00a0") : before, leftward);
    rest = rest.slice(found.index + found[0].length);
    const [whole, , code, strong, strong2, em, em2, struck, label, address, numbers, bare, escaped] = found;
    /** @param {"strong" | "em" | "s"} tag @param {string} inner */
    const nested = (tag, inner) => {
      const child = h(tag);
      fill(child, inner, around, leftward);
      element.append(child);
    };
    if (code !== undefined) element.append(h("code", { dir: "ltr" }, code.trim()));
    else if (strong ?? strong2) nested("strong", strong ?? strong2 ?? "");
    else if (em ?? em2) nested("em", em ?? em2 ?? "");
    else if (struck) nested("s", struck);
    else if (address !== undefined) {
      const link = whole.startsWith("!") ? null : around.link(address);
      const target = link ?? h("span");
      fill(target, label ?? "", around, leftward);
      element.append(target);
    } else if (numbers) {
      for (const number of numbers.split(/[,،]/)) {
        element.append(around.cite(Number(number)) ?? `[${number.trim()}]`);
      }
    } else if (bare) {
      const link = around.link(bare);
      const target = link ?? h("bdi", { dir: "ltr" });
      target.append(bare);
      element.append(target);
    } else if (escaped) element.append(escaped);
  }
  plain(element, rest, leftward);
}

const TERM = String.raw`[/~.#@$-]{0,9}[A-Za-z][\w+#/@:%$&*=~.-]*(?<![.:-])`;
const NEXT = String.raw`(?:[,;]|\s[–—+=&])?\s(?:${TERM}|\d[\d.]*(?<!\.)|\(${TERM}(?:\s${TERM})*\))`;
/** "50 Hz": a unit stands to the right of its number in Urdu, too. */
const QUANTITY = String.raw`\d[\d.,]*\s?[A-Za-zµ°][A-Za-z/]{0,4}(?![\w/])`;
const PHRASE = new RegExp(`((?:${QUANTITY}|${TERM})(?:${NEXT})*)`);

/**
 * In a text that runs leftward, a Latin term with signs at its edges ("C++", "/cmd_vel") would have
 * them thrown to the wrong side, and its digits drawn by another font; it is isolated. Terms that
 * follow one another are isolated together, or "environment variable" would read "variable environment".
 * @param {HTMLElement} element
 * @param {string} text
 * @param {boolean} leftward
 */
function plain(element, text, leftward) {
  if (!leftward) {
    if (text) element.append(text);
    return;
  }
  // Every second part is a phrase.
  for (const [index, part] of text.split(PHRASE).entries()) {
    if (part) element.append(index % 2 ? h("bdi", { dir: "ltr" }, part) : part);
  }
}

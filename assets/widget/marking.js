/**
 * Finds a quoted passage on the page that is shown and marks it. The note of what to mark crosses a
 * page load in the browser's storage; the mark itself leaves the page's elements as they are, so that
 * a framework that owns them isn't disturbed.
 */

import { sheet } from "./element.js";

const NAME = "rag-chatbot-quote";
const NOTE = "rag-chatbot:mark";
/** A page that has not come by then will not come because of this click. */
const NOTE_LIVES_MS = 60_000;
/** Frameworks redraw a page while it starts; the passage is looked for again after each wait. */
const WAITS_MS = [0, 300, 1200];
/** Fewer letters are found all over a page. */
const FEWEST_LETTERS = 12;
/** A few frames. */
const TAB_DRAWN_MS = 60;

/** @param {string} address */
function pageOf(address) {
  const { origin, pathname } = new URL(address, location.href);
  return origin + decode(pathname).replace(/(index)?(\.html)?\/?$/, "");
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * Follows a source: marks at once if it is on this page, else leaves a note for the page to come.
 * @param {string} address
 * @param {string} quote
 * @returns {{here: boolean, address: string}} the address to go to, if not here
 */
export function follow(address, quote) {
  const url = new URL(address, location.href);
  if (pageOf(address) === pageOf(location.href)) {
    if (url.hash && url.hash !== location.hash) history.pushState(history.state, "", url.hash);
    return { here: true, address };
  }
  if (url.origin !== location.origin) {
    // The other site's browser storage is out of reach; the browser itself can mark there.
    const words = quote.replace(/[…\s]+$/, "").split(/\s+/);
    if (words.length < 3) return { here: false, address };
    /** @param {string[]} some */
    const part = (some) => encodeURIComponent(some.join(" ")).replace(/-/g, "%2D");
    const range = words.length > 10 ? `${part(words.slice(0, 5))},${part(words.slice(-5))}` : part(words);
    return { here: false, address: `${address}${url.hash ? "" : "#"}:~:text=${range}` };
  }
  try {
    localStorage.setItem(NOTE, JSON.stringify({ page: pageOf(address), hash: url.hash, quote, at: Date.now() }));
  } catch {
    // Without storage the heading is opened and nothing is marked.
  }
  return { here: false, address };
}

/** Marks what the last page asked this one to mark. @returns {Promise<boolean>} */
export async function markNoted() {
  const text = localStorage.getItem(NOTE);
  const note = JSON.parse(text ?? "null");
  if (!note || note.page !== pageOf(location.href)) {
    if (note && Date.now() - note.at > NOTE_LIVES_MS) localStorage.removeItem(NOTE);
    return false;
  }
  localStorage.removeItem(NOTE);
  if (Date.now() - note.at > NOTE_LIVES_MS) return false;
  return mark(note.quote, note.hash);
}

/**
 * @param {string} quote
 * @param {string} hash of the heading above it
 */
export async function mark(quote, hash) {
  unmark();
  const heading = document.getElementById(decode(hash.slice(1)));
  const place = heading?.closest("article, main") ?? document.querySelector("article, main") ?? document.body;
  /** @type {Range[]} */
  let ranges = [];
  for (const wait of WAITS_MS) {
    if (wait) await new Promise((resolve) => setTimeout(resolve, wait));
    if (ranges.length > 0 && ranges.every((range) => range.startContainer.isConnected && !range.collapsed)) continue;
    ranges = find(/** @type {HTMLElement} */ (place.isConnected ? place : document.body), quote, heading);
    if (ranges.length > 0) draw(ranges);
  }
  if (ranges.length === 0) heading?.scrollIntoView();
  if (heading) {
    // Reading goes on from the heading, for those who listen as well.
    if (!heading.hasAttribute("tabindex")) {
      heading.tabIndex = -1;
      heading.style.outline = "none";
    }
    heading.focus({ preventScroll: true });
  }
  return ranges.length > 0;
}

export function unmark() {
  CSS.highlights?.delete(NAME);
}

/** @param {Range[]} ranges */
function draw(ranges) {
  const first = ranges[0]?.startContainer.parentElement;
  for (let box = first?.closest("details"); box; box = box.parentElement?.closest("details")) box.open = true;
  if (CSS.highlights) {
    if (!CSS.highlights.has(NAME)) {
      const colours = sheet(`::highlight(${NAME}) { background-color: #ffe082; color: #1b1b1b; }`);
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, colours];
    }
    CSS.highlights.set(NAME, new Highlight(...ranges));
  } else {
    // An older browser selects it: that, too, leaves the page's elements to the site's own scripts.
    getSelection()?.removeAllRanges();
    for (const range of ranges.slice(0, 1)) getSelection()?.addRange(range);
  }
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const scroll = () => first?.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
  // The site's own scripts draw a tab that was hidden, and then put the page back where it was.
  if (showTabs(first)) setTimeout(scroll, TAB_DRAWN_MS);
  else scroll();
}

/**
 * Presses the tabs of the hidden panels around an element; says whether there were any.
 * @param {Element | null | undefined} element
 */
function showTabs(element) {
  const panel = element?.closest("[role=tabpanel][hidden]");
  const panels = panel?.parentElement;
  if (!panel || !panels) return false;
  showTabs(panels);
  const tabs = panels.parentElement?.querySelectorAll("[role=tab]") ?? [];
  const tab = tabs[[...panels.querySelectorAll(":scope > [role=tabpanel]")].indexOf(panel)];
  if (tab instanceof HTMLElement) tab.click();
  return true;
}

/**
 * Looks for the quote as a whole, then sentence by sentence; after the heading first. Only letters and
 * digits are compared, so neither Markdown's signs nor the page's own elements are in the way.
 * @param {HTMLElement} place
 * @param {string} quote
 * @param {HTMLElement | null} heading
 */
function find(place, quote, heading) {
  /** @type {{node: Text, offset: number}[]} */
  const positions = [];
  let letters = "";
  let start = 0;
  const walker = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = /** @type {Text} */ (walker.currentNode);
    if (node.parentElement?.closest("script, style, noscript, rag-chatbot")) continue;
    if (heading && !start && heading.contains(node)) start = letters.length;
    let offset = 0;
    for (const sign of node.data) {
      const bare = lettersOf(sign);
      letters += bare;
      for (let count = 0; count < bare.length; count++) positions.push({ node, offset });
      offset += sign.length;
    }
  }
  /** @param {string} text */
  const search = (text) => {
    const sought = lettersOf(text);
    if (sought.length === 0) return [];
    let at = letters.indexOf(sought, start);
    if (at < 0) at = letters.indexOf(sought);
    const first = positions[at];
    const last = positions[at + sought.length - 1];
    if (!first || !last) return [];
    const range = document.createRange();
    range.setStart(first.node, first.offset);
    // The last letter, and the marks that end the sentence.
    const end = /^.[\p{M}\p{P}]*/su.exec(last.node.data.slice(last.offset))?.[0].length ?? 1;
    range.setEnd(last.node, last.offset + end);
    return [range];
  };
  const whole = search(quote);
  if (whole.length > 0) return whole;
  return quote
    .split(/(?<=[.!?۔؟])\s+|\n+|…/)
    .filter((sentence) => lettersOf(sentence).length >= FEWEST_LETTERS)
    .flatMap(search);
}

/** The letters that Arabic and Urdu keyboards write differently. @type {Record<string, string>} */
const SAME = { ي: "ی", ى: "ی", ك: "ک", ه: "ہ", ھ: "ہ", ة: "ہ", ۃ: "ہ" };

/** @param {string} text */
const lettersOf = (text) =>
  text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, "")
    .replace(/[يىكهھةۃ]/g, (letter) => SAME[letter] ?? letter);

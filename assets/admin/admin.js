/** The operators' page: its door, its views, and what refreshes them. */

import { chartsView } from "./charts.js";
import { conversationsView } from "./conversations.js";
import { make } from "./elements.js";
import { gapsView } from "./gaps.js";
import { overviewView } from "./overview.js";
import { forget, get, keep, key, person, Refused, signOut } from "./server.js";
import { auditView, keysView, usageView } from "./tables.js";
import { language, say, sayPage } from "./words.js";

/** As often as the figures are kept; half as often would do for a chart of an hour. */
const REFRESH_MS = 15_000;

/** @param {string} selector @returns {HTMLElement} */
const find = (selector) => /** @type {HTMLElement} */ (document.querySelector(selector));

const [door, house, view, said] = ["#door", "#house", "#view", "#said"].map(find);
const form = /** @type {HTMLFormElement} */ (find("#door form"));
const field = /** @type {HTMLInputElement} */ (find("#key"));
const problem = find("#door .problem");

/** To those who hear the page. @param {string} text */
const tell = (text) => {
  said.textContent = text;
};

/** Views by their names; those that live are shown anew by themselves. */
const VIEWS = {
  overview: { title: say("Overview"), lives: true, show: () => overviewView() },
  charts: { title: say("Charts"), lives: true, show: () => chartsView(refresh) },
  gaps: { title: say("Gaps"), lives: false, show: () => gapsView(refresh, tell) },
  conversations: { title: say("Conversations"), lives: false, show: conversationsView },
  usage: { title: say("Usage"), lives: false, show: () => usageView(tell) },
  keys: { title: say("Keys"), lives: false, show: () => keysView() },
  audit: { title: say("Audit log"), lives: false, show: () => auditView() },
};

/** The view that the address names, and what it is of. @returns {{name: keyof typeof VIEWS, of: string | undefined}} */
function wanted() {
  const [name, of] = location.hash.slice(1).split("/");
  return { name: name in VIEWS ? /** @type {keyof typeof VIEWS} */ (name) : "overview", of };
}

/** Counts showings, so that a slow one does not cover a later one. */
let showing = 0;

async function refresh() {
  const turn = ++showing;
  const { name, of } = wanted();
  const { title, show } = VIEWS[name];
  try {
    const [parts, { state }] = await Promise.all([show(of), get("status.json")]);
    if (turn !== showing) return;
    const focused = document.activeElement?.textContent;
    const opened = new Set([...view.querySelectorAll("details[open] > summary")].map((one) => one.textContent));
    view.replaceChildren(...parts.filter((part) => part instanceof Node));
    for (const summary of view.querySelectorAll("details > summary")) {
      if (opened.has(summary.textContent)) summary.parentElement?.setAttribute("open", "");
    }
    view.dataset.view = name;
    document.title = `${title} · ${say("Operations")}`;
    for (const link of document.querySelectorAll("#house nav a")) {
      if (link.getAttribute("href") === `#${name}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    find(".bar .lamp").className = `lamp ${state === "up" ? "well" : "ill"}`;
    // What was focused has been drawn anew.
    if (document.activeElement === document.body && focused) {
      const again = [...view.querySelectorAll("button, a, summary")].find((one) => one.textContent === focused);
      if (again instanceof HTMLElement) again.focus({ preventScroll: true });
    }
  } catch (error) {
    if (turn !== showing) return;
    if (error instanceof Refused) return leave(error.message);
    view.replaceChildren(make("p", { class: "card problem", role: "alert", dir: "auto" }, error instanceof Error ? error.message : String(error)));
    view.dataset.view = "problem";
  }
}

function enter() {
  door.hidden = true;
  house.hidden = false;
  refresh();
}

/** @param {string} [why] */
function leave(why = "") {
  showing += 1;
  forget();
  view.replaceChildren();
  house.hidden = true;
  door.hidden = false;
  problem.textContent = why;
  field.value = "";
  field.focus();
  offerSignIn();
}

/** Shows the way to the identity provider, where people sign in. */
async function offerSignIn() {
  const somebody = await person();
  const place = find("#sign-in");
  place.hidden = somebody === undefined;
  const way = make("a", { href: `auth/login?next=${encodeURIComponent(location.pathname + location.search)}` }, say(somebody ? "Sign in as somebody else" : "Sign in with your account"));
  place.replaceChildren(...(somebody ? [say("{0} is signed in, and no admin. ", somebody.name ?? somebody.id), way] : [say("Or: "), way]));
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  problem.textContent = "";
  keep(field.value.trim());
  try {
    await get("admin/overview");
    field.value = "";
    enter();
    view.focus();
  } catch (error) {
    leave(error instanceof Error ? error.message : String(error));
  }
});
find("#leave").addEventListener("click", async () => {
  if (!key()) await signOut().catch(() => undefined);
  leave();
});
find("#house nav").replaceChildren(...Object.entries(VIEWS).map(([name, { title }]) => make("a", { href: `#${name}` }, title)));
addEventListener("hashchange", () => {
  if (!house.hidden) refresh();
});
setInterval(() => {
  if (!document.hidden && !house.hidden && VIEWS[wanted().name].lives && !view.querySelector(".plot:hover")) refresh();
}, REFRESH_MS);

sayPage();
drawLanguages();
addEventListener("hashchange", drawLanguages);

/** The way to the same view in the other language. */
function drawLanguages() {
  const [other, name] = language === "ur" ? ["en", "English"] : ["ur", "اردو"];
  for (const place of document.querySelectorAll(".language")) {
    place.replaceChildren(make("a", { href: `?lang=${other}${location.hash}`, hreflang: other, lang: other }, name));
  }
}

if (key() || (await person())?.scopes.includes("admin")) enter();
else leave();

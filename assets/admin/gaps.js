/** What the documentation lacks: questions asked in vain, by the page that comes nearest to them. */

import { choice, heading, make, nothing } from "./elements.js";
import { ago, count } from "./figures.js";
import { download, get, post } from "./server.js";

let state = "open";

/** @param {() => void} refresh @param {(text: string) => void} say */
export async function gapsView(refresh, say) {
  const gaps = await get(`admin/gaps?state=${state}`);
  const choose = (/** @type {string} */ value) => {
    state = value;
    refresh();
  };
  const save = (/** @type {string} */ accept, /** @type {string} */ name) => async () => {
    await download(`admin/gaps?state=${state}`, accept, name);
    say(`${name} saved`);
  };
  return [
    heading(
      "Gaps",
      choice("Which", [["open", "Open"], ["done", "Done"], ["all", "All"]], state, choose),
      make("button", { type: "button", onclick: save("text/csv", "documentation-gaps.csv") }, "Export CSV"),
      make("button", { type: "button", onclick: save("application/json", "documentation-gaps.json") }, "Export JSON"),
    ),
    make(
      "p",
      { class: "quiet" },
      `${count(gaps.questions)} different questions that found no answer, or one that was rated down. Those that mean the same stand together`,
      gaps.grouped_by_meaning ? "." : " as soon as the model can be asked.",
      " E-mail addresses, keys and long numbers are taken out.",
    ),
    gaps.pages.length === 0 && nothing(state === "done" ? "Nothing is marked as done" : "No gaps", "When a question finds no answer, or a reader rates one down, it is listed here."),
    ...gaps.pages.map((/** @type {any} */ page) => pageOf(page, refresh, say)),
  ];
}

/** @param {any} page @param {() => void} refresh @param {(text: string) => void} say */
const pageOf = (page, refresh, say) =>
  make(
    "section",
    { class: "card page" },
    make(
      "header",
      {},
      make("h2", {}, page.url ? make("a", { href: `.${page.url}` }, page.title ?? page.url) : "Near to no page"),
      make("span", { class: "quiet" }, times(page.unanswered + page.down_voted)),
    ),
    page.groups.map((/** @type {any} */ group) => groupOf(group, refresh, say)),
  );

/** @param {any} group @param {() => void} refresh @param {(text: string) => void} say */
function groupOf(group, refresh, say) {
  const ids = group.questions.map((/** @type {any} */ one) => one.id);
  const isDone = group.questions.every((/** @type {any} */ one) => one.done_at && Date.parse(one.done_at) >= Date.parse(one.last_at));
  const others = group.questions.slice(1);
  return make(
    "article",
    { class: "gap" },
    make("p", { class: "question", lang: group.questions[0].locale, dir: "auto" }, group.question),
    make(
      "div",
      { class: "facts" },
      group.unanswered > 0 && make("span", { class: "tag" }, `${count(group.unanswered)} unanswered`),
      group.down_voted > 0 && make("span", { class: "tag bad" }, `${count(group.down_voted)} rated down`),
      trend(group),
      make("span", { class: "quiet" }, `last asked ${ago(group.last_at)}`),
    ),
    others.length > 0 &&
      make(
        "details",
        {},
        make("summary", {}, `${others.length} more that mean the same`),
        make("ul", {}, others.map((/** @type {any} */ one) => make("li", { lang: one.locale, dir: "auto" }, one.question, ` (${count(one.unanswered + one.down_voted)})`))),
      ),
    make(
      "button",
      {
        class: "done",
        type: "button",
        onclick: async () => {
          await post("admin/gaps/done", { ids, done: !isDone });
          say(isDone ? "Open again" : "Marked as done");
          refresh();
        },
      },
      isDone ? "Open again" : "Done",
    ),
  );
}

/** @param {number} all */
const times = (all) => `asked in vain ${all === 1 ? "once" : `${count(all)} times`}`;

/** This week against the last. @param {any} group */
function trend({ this_week: now, last_week: before }) {
  if (now === before) return make("span", { class: "tag" }, `${count(now)} this week, as before`);
  const more = now > before;
  return make("span", { class: `tag ${more ? "ill" : "well"}` }, `${more ? "↑" : "↓"} ${count(now)} this week, ${count(before)} the week before`);
}

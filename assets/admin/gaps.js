/** What the documentation lacks: questions asked in vain, by the page that comes nearest to them. */

import { choice, heading, make, nothing } from "./elements.js";
import { ago, count } from "./figures.js";
import { download, get, post } from "./server.js";
import { say, sayOf } from "./words.js";

let state = "open";

/** @param {() => void} refresh @param {(text: string) => void} tell */
export async function gapsView(refresh, tell) {
  const gaps = await get(`admin/gaps?state=${state}`);
  const choose = (/** @type {string} */ value) => {
    state = value;
    refresh();
  };
  const save = (/** @type {string} */ accept, /** @type {string} */ name) => async () => {
    await download(`admin/gaps?state=${state}`, accept, name);
    tell(say("{0} saved", name));
  };
  return [
    heading(
      say("Gaps"),
      choice(say("Which"), [["open", sayOf("gaps", "Open")], ["done", say("Done")], ["all", say("All")]], state, choose),
      make("button", { type: "button", onclick: save("text/csv", "documentation-gaps.csv") }, say("Export CSV")),
      make("button", { type: "button", onclick: save("application/json", "documentation-gaps.json") }, say("Export JSON")),
    ),
    make(
      "p",
      { class: "quiet" },
      say("{0} different questions that found no answer, or one that was rated down. Those that mean the same stand together", count(gaps.questions)),
      say(gaps.grouped_by_meaning ? "." : " as soon as the model can be asked."),
      say(" E-mail addresses, keys and long numbers are taken out."),
    ),
    gaps.pages.length === 0 && nothing(say(state === "done" ? "Nothing is marked as done" : "No gaps"), say("When a question finds no answer, or a reader rates one down, it is listed here.")),
    ...gaps.pages.map((/** @type {any} */ page) => pageOf(page, refresh, tell)),
  ];
}

/** @param {any} page @param {() => void} refresh @param {(text: string) => void} tell */
const pageOf = (page, refresh, tell) =>
  make(
    "section",
    { class: "card page" },
    make(
      "header",
      {},
      make("h2", {}, page.url ? make("a", { href: `.${page.url}`, dir: "auto" }, page.title ?? page.url) : say("Near to no page")),
      make("span", { class: "quiet" }, times(page.unanswered + page.down_voted)),
    ),
    page.groups.map((/** @type {any} */ group) => groupOf(group, refresh, tell)),
  );

/** @param {any} group @param {() => void} refresh @param {(text: string) => void} tell */
function groupOf(group, refresh, tell) {
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
      group.unanswered > 0 && make("span", { class: "tag" }, say("{0} unanswered", count(group.unanswered))),
      group.down_voted > 0 && make("span", { class: "tag bad" }, say("{0} rated down", count(group.down_voted))),
      trend(group),
      make("span", { class: "quiet" }, say("last asked {0}", ago(group.last_at))),
    ),
    others.length > 0 &&
      make(
        "details",
        {},
        make("summary", {}, say("{0} more that mean the same", others.length)),
        make("ul", {}, others.map((/** @type {any} */ one) => make("li", { lang: one.locale, dir: "auto" }, one.question, ` (${count(one.unanswered + one.down_voted)})`))),
      ),
    make(
      "button",
      {
        class: "done",
        type: "button",
        onclick: async () => {
          await post("admin/gaps/done", { ids, done: !isDone });
          tell(say(isDone ? "Open again" : "Marked as done"));
          refresh();
        },
      },
      say(isDone ? "Open again" : "Done"),
    ),
  );
}

/** @param {number} all */
const times = (all) => (all === 1 ? say("asked in vain once") : say("asked in vain {0} times", count(all)));

/** This week against the last. @param {any} group */
function trend({ this_week: now, last_week: before }) {
  if (now === before) return make("span", { class: "tag" }, say("{0} this week, as before", count(now)));
  const more = now > before;
  return make("span", { class: `tag ${more ? "ill" : "well"}` }, `${more ? "↑" : "↓"} ${say("{0} this week, {1} the week before", count(now), count(before))}`);
}

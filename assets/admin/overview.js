/** How everything stands, in one look: the state, alerts, the day's figures, index, backup, budgets. */

import { dashboardOf } from "./charts.js";
import { make } from "./elements.js";
import { ago, bytes, count, moment, percent, seconds, usd } from "./figures.js";
import { exists, get } from "./server.js";
import { say, sayOf } from "./words.js";

/** @type {Record<string, string>} */
const TROUBLES = {
  starting: "The documentation is being read for the first time.",
  indexing: "The documentation is being indexed; search goes by words alone.",
  index_fails: "The latest changes of the documentation could not be indexed.",
  model_fails: "The model's server fails; answers are quoted.",
  budget_spent: "What is left of a budget does not pay for another answer; answers are quoted.",
  database_fails: "The chat database fails; conversations may not be kept.",
};

/** @type {Record<string, string>} */
const BUDGETS = { usd_day: "Dollars today", usd_month: "Dollars this month", tokens_day: "Tokens today", tokens_month: "Tokens this month" };

export async function overviewView() {
  const [now, charts] = await Promise.all([get("admin/overview"), dashboardOf("main", "60")]);
  /** @type {Set<string>} */
  const runbooks = new Set(now.alerts.map((/** @type {any} */ alert) => alert.runbook));
  await Promise.all([...runbooks].filter((runbook) => !served.has(runbook)).map(async (runbook) => served.set(runbook, await exists(`.${runbook}`))));
  return [
    headline(now),
    now.alerts.length > 0 && alerts(now.alerts),
    numbers(now.last_24_hours),
    make("div", { class: "cards" }, index(now.index), backup(now.backup), budgets(now.budgets), server(now)),
    make("h2", {}, say("The last hour")),
    charts,
  ];
}

/** @param {any} now */
function headline({ state, since, troubles }) {
  const isUp = state === "up";
  return make(
    "section",
    { class: `headline ${isUp ? "well" : "ill"}` },
    make("span", { class: "lamp", "aria-hidden": "true" }),
    make(
      "div",
      {},
      make("h1", { class: "state" }, say(isUp ? "Everything works" : "Works, with limits")),
      make("p", { class: "since" }, [...troubles.map((/** @type {string} */ name) => say(TROUBLES[name])), say("Since {0}.", moment(since))].join(" ")),
    ),
  );
}

/** Runbooks that have been asked for: whether this server has them. It has where its documentation is the handbook itself. @type {Map<string, boolean>} */
const served = new Map();

/** @param {string} runbook */
const whatToDo = (runbook) =>
  served.get(runbook) ? make("a", { href: `.${runbook}` }, say("What to do")) : make("span", { class: "quiet" }, say("What to do stands in the handbook, "), make("code", { dir: "ltr" }, runbook));

/** @param {any[]} found */
const alerts = (found) =>
  make(
    "ul",
    { class: "alerts", "aria-label": say("Alerts in force") },
    found.map(({ name, severity, summary, runbook, since }) =>
      make("li", { class: severity }, make("b", {}, name), make("span", {}, sayOf("alert", summary)), whatToDo(runbook), make("span", { class: "since" }, say("{0}, since {1}", say(severity), moment(since)))),
    ),
  );

/** @param {any} day */
function numbers(day) {
  const answers = day.answered + day.abstained;
  const figure = (/** @type {string} */ name, /** @type {string} */ value, /** @type {string} */ more) =>
    make("div", {}, make("dt", {}, say(name)), make("dd", {}, value, make("small", {}, more)));
  return make(
    "dl",
    { class: "numbers", "aria-label": say("The last 24 hours") },
    figure("Answers", count(answers), say("in 24 hours")),
    figure("Not in the documentation", percent(answers ? day.abstained / answers : null), say("{0} questions", count(day.abstained))),
    figure("Time to an answer", seconds(day.answer_seconds_p95), say("95 of 100 within")),
    figure("Failed requests", percent(day.requests ? day.failed / day.requests : null), say("{0} of {1}", count(day.failed), count(day.requests))),
    figure("Rated down", count(day.rated_down), say("{0} rated up", count(day.rated_up))),
    figure("Cost", usd(day.cost_usd), say("in 24 hours")),
    figure("Conversations", count(day.active_conversations), say("active")),
  );
}

/** @param {[string, import("./elements.js").Child][]} pairs */
const list = (pairs) => make("dl", { class: "pairs" }, pairs.flatMap(([name, value]) => [make("dt", {}, say(name)), make("dd", {}, value)]));

/** @param {any} state */
function index(state) {
  const done = state.chunks ? state.chunks_embedded / state.chunks : 0;
  const works = state.phase === "reading" || state.phase === "embedding";
  /** @type {Record<string, string>} */
  const tags = { ready: "well", failed: "bad" };
  return make(
    "section",
    { class: "card" },
    make("h2", {}, say("Index")),
    works && make("progress", { max: 1, value: done, "aria-label": say("Embedded part of the documentation") }),
    list([
      ["State", make("span", { class: `tag ${tags[state.phase] ?? "ill"}` }, say(state.phase))],
      ["Documents", count(state.documents)],
      ["Passages", works ? say("{0} of {1}", count(state.chunks_embedded), count(state.chunks)) : count(state.chunks)],
      ...(works ? [/** @type {[string, string]} */ (["Ready in", seconds(state.seconds_left)])] : []),
      ["Built", ago(state.built_at)],
    ]),
    state.last_error && make("p", { class: "problem", dir: "auto" }, state.last_error),
    state.unread.length > 0 &&
      make("details", {}, make("summary", {}, say("{0} files not read, or only in part", state.unread.length)), make("ul", {}, state.unread.map((/** @type {any} */ one) => make("li", { dir: "ltr" }, make("code", {}, one.path), ` ${one.reason}`)))),
  );
}

/** @param {any} state */
const backup = (state) =>
  make(
    "section",
    { class: "card" },
    make("h2", {}, say("Backup")),
    list([
      ["Last", state.running ? say("being made now") : ago(state.last_success_at)],
      ["Next", nextOf(state)],
      ["Size", bytes(state.size_bytes)],
      ["Encrypted", say(state.encrypted ? "yes" : "no")],
      ["Failed in 24 hours", count(state.failures)],
    ]),
    make("p", { class: "quiet where" }, say("In "), make("code", { dir: "ltr" }, state.target)),
    state.last_error && make("p", { class: "problem", dir: "auto" }, state.last_error),
  );

/** @param {any} state */
function nextOf({ every_s, last_success_at, running }) {
  if (every_s === null) return say("only by hand");
  if (running || !last_success_at) return say("soon");
  const left = Date.parse(last_success_at) / 1000 + every_s - Date.now() / 1000;
  return left < 60 ? say("soon") : say("in {0}", seconds(left));
}

/** @param {any[]} all */
const budgets = (all) =>
  make(
    "section",
    { class: "card" },
    make("h2", {}, say("Budgets")),
    all.length > 0
      ? all.map(({ name, used, limit }) => {
          const [spent, most] = name.startsWith("usd") ? [usd(used), usd(limit)] : [count(used), count(limit)];
          return make(
            "div",
            {},
            list([[BUDGETS[name], say("{0} of {1}", spent, most)]]),
            make("progress", { class: used > 0.8 * limit ? "ill" : undefined, max: 1, value: Math.min(used / limit, 1), "aria-label": say(BUDGETS[name]) }),
          );
        })
      : make("p", { class: "quiet" }, say("Answers cost nothing: they are quoted, or their model has no budget.")),
  );

/** @param {any} now */
const server = (now) =>
  make(
    "section",
    { class: "card" },
    make("h2", {}, say("Server")),
    list([
      ["Version", now.version],
      ["Environment", now.environment],
      ["Started", ago(now.started_at)],
    ]),
  );

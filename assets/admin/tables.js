/** Usage and cost, keys, and the end of the audit log: figures that are tables. */

import { heading, make, nothing, table } from "./elements.js";
import { ago, count, moment, usd } from "./figures.js";
import { download, get } from "./server.js";
import { say } from "./words.js";

/** @param {(text: string) => void} tell */
export async function usageView(tell) {
  const { total, days } = await get("admin/usage?days=30");
  const save = async () => {
    await download("admin/usage?days=366", "text/csv", "usage.csv");
    tell(say("{0} saved", "usage.csv"));
  };
  const figure = (/** @type {string} */ name, /** @type {string} */ value) => make("div", {}, make("dt", {}, say(name)), make("dd", {}, value));
  const rows = days.map((/** @type {any} */ one) => [one.day, one.model, one.generator, count(one.calls), count(one.prompt_tokens), count(one.completion_tokens), usd(one.cost_usd)]);
  return [
    heading(say("Usage"), make("button", { type: "button", onclick: save }, say("Export CSV"))),
    make(
      "dl",
      { class: "numbers", "aria-label": say("The last 30 days") },
      figure("Cost in 30 days", usd(total.cost_usd)),
      figure("Calls of a model", count(total.calls)),
      figure("Tokens sent", count(total.prompt_tokens)),
      figure("Tokens received", count(total.completion_tokens)),
    ),
    rows.length > 0
      ? make("section", { class: "card" }, table(["Day (UTC)", "Model", "Through", "#Calls", "#Tokens sent", "#Tokens received", "#Cost"], rows, say("Usage by day and model")))
      : nothing(say("No model was used"), say("Quoted answers cost nothing. With a model set, its calls are counted here by day.")),
  ];
}

export async function keysView() {
  const { keys } = await get("api-keys");
  /** @type {Record<string, string>} */
  const tags = { active: "well", expired: "ill", revoked: "bad" };
  const rows = keys.map((/** @type {any} */ one) => [
    one.name,
    make("span", { class: `tag ${tags[one.state] ?? ""}` }, say(one.state)),
    make("span", { dir: "ltr" }, one.scopes.join(", ")),
    count(one.queries_this_month),
    one.last_used_at ? ago(one.last_used_at) : say("never"),
    one.expires_at ? moment(one.expires_at) : say("does not"),
    make("code", {}, one.id),
  ]);
  return [
    heading(say("Keys")),
    make("p", { class: "quiet" }, say("Keys are made, exchanged and revoked with "), make("code", { dir: "ltr" }, "rag-chatbot key"), say(" or at "), make("code", { dir: "ltr" }, "/api-keys"), say(".")),
    rows.length > 0 ? make("section", { class: "card" }, table(["Name", "State", "May", "#Questions this month", "Last used", "Ends", "Id"], rows, say("API keys"))) : nothing(say("No keys"), say("Whoever is here has the admin key of the settings, which is in no list.")),
  ];
}

export async function auditView() {
  const { entries } = await get("admin/audit?limit=100");
  const rows = entries.map((/** @type {any} */ one) => [
    moment(one.at),
    make("code", {}, one.action),
    make("code", {}, one.object),
    make("span", { class: `tag ${one.result === "done" ? "well" : "bad"}` }, one.result === "done" ? say("done") : one.result),
    make("code", {}, one.who),
  ]);
  return [heading(say("Audit log")), make("p", { class: "quiet" }, say("The newest 100 entries. Nothing in it can be changed.")), make("section", { class: "card" }, table(["When", "What", "Of", "Result", "Who"], rows, say("Audit log")))];
}

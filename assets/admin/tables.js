/** Usage and cost, keys, and the end of the audit log: figures that are tables. */

import { heading, make, nothing, table } from "./elements.js";
import { ago, count, moment, usd } from "./figures.js";
import { download, get } from "./server.js";

/** @param {(text: string) => void} say */
export async function usageView(say) {
  const { total, days } = await get("admin/usage?days=30");
  const save = async () => {
    await download("admin/usage?days=366", "text/csv", "usage.csv");
    say("usage.csv saved");
  };
  const figure = (/** @type {string} */ name, /** @type {string} */ value) => make("div", {}, make("dt", {}, name), make("dd", {}, value));
  const rows = days.map((/** @type {any} */ one) => [one.day, one.model, one.generator, count(one.calls), count(one.prompt_tokens), count(one.completion_tokens), usd(one.cost_usd)]);
  return [
    heading("Usage", make("button", { type: "button", onclick: save }, "Export CSV")),
    make(
      "dl",
      { class: "numbers", "aria-label": "The last 30 days" },
      figure("Cost in 30 days", usd(total.cost_usd)),
      figure("Calls of a model", count(total.calls)),
      figure("Tokens sent", count(total.prompt_tokens)),
      figure("Tokens received", count(total.completion_tokens)),
    ),
    rows.length > 0
      ? make("section", { class: "card" }, table(["Day (UTC)", "Model", "Through", "#Calls", "#Tokens sent", "#Tokens received", "#Cost"], rows, "Usage by day and model"))
      : nothing("No model was used", "Quoted answers cost nothing. With a model set, its calls are counted here by day."),
  ];
}

export async function keysView() {
  const { keys } = await get("api-keys");
  /** @type {Record<string, string>} */
  const tags = { active: "well", expired: "ill", revoked: "bad" };
  const rows = keys.map((/** @type {any} */ one) => [
    one.name,
    make("span", { class: `tag ${tags[one.state] ?? ""}` }, one.state),
    one.scopes.join(", "),
    count(one.queries_this_month),
    one.last_used_at ? ago(one.last_used_at) : "never",
    one.expires_at ? moment(one.expires_at) : "does not",
    make("code", {}, one.id),
  ]);
  return [
    heading("Keys"),
    make("p", { class: "quiet" }, "Keys are made, exchanged and revoked with ", make("code", {}, "rag-chatbot key"), " or at ", make("code", {}, "/api-keys"), "."),
    rows.length > 0 ? make("section", { class: "card" }, table(["Name", "State", "May", "#Questions this month", "Last used", "Ends", "Id"], rows, "API keys")) : nothing("No keys", "Whoever is here has the admin key of the settings, which is in no list."),
  ];
}

export async function auditView() {
  const { entries } = await get("admin/audit?limit=100");
  const rows = entries.map((/** @type {any} */ one) => [
    moment(one.at),
    make("code", {}, one.action),
    one.object,
    make("span", { class: `tag ${one.result === "done" ? "well" : "bad"}` }, one.result),
    make("code", {}, one.who),
  ]);
  return [heading("Audit log"), make("p", { class: "quiet" }, "The newest 100 entries. Nothing in it can be changed."), make("section", { class: "card" }, table(["When", "What", "Of", "Result", "Who"], rows, "Audit log"))];
}

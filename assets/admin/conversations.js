/** What readers asked and were told. Opening one is written to the audit log. */

import { heading, make, nothing, table } from "./elements.js";
import { ago, count, moment } from "./figures.js";
import { get } from "./server.js";
import { say } from "./words.js";

const OLDER = "older-";

/** @param {string | undefined} of the number of the one to read, or `older-` and that of the last one listed */
export const conversationsView = (of) => (of && !of.startsWith(OLDER) ? reading(of) : listing(of?.slice(OLDER.length)));

/** @param {string | undefined} before */
async function listing(before) {
  const { conversations, next } = await get(`admin/conversations?limit=50${before ? `&before=${encodeURIComponent(before)}` : ""}`);
  const rows = conversations.map((/** @type {any} */ one) => [
    make("a", { href: `#conversations/${one.number}`, lang: one.locale, dir: "auto" }, one.first_question),
    count(one.questions),
    [one.abstained > 0 && make("span", { class: "tag ill" }, say("{0} unanswered", count(one.abstained))), " ", one.rated_down > 0 && make("span", { class: "tag bad" }, say("{0} rated down", count(one.rated_down)))],
    ago(one.last_used_at),
  ]);
  return [
    heading(say("Conversations")),
    make("p", { class: "quiet" }, say("Who asked is not known. E-mail addresses, keys and long numbers are taken out; whoever opens a conversation is written down in the audit log.")),
    rows.length > 0 ? make("section", { class: "card" }, table(["First question", "#Questions", "Remarks", "Last used"], rows, say("Conversations"))) : nothing(say("No conversations"), say("They are listed from the first question until nobody has used them for as long as the settings say.")),
    (before || next !== null) &&
      make(
        "p",
        { class: "tools" },
        before && make("a", { href: "#conversations" }, say("Newest conversations")),
        next !== null && make("a", { href: `#conversations/${OLDER}${next}` }, say("Older conversations")),
      ),
  ];
}

/** @param {string} number */
async function reading(number) {
  const { messages } = await get(`admin/conversations/${encodeURIComponent(number)}`);
  return [
    heading(say("Conversation {0}", number), make("a", { href: "#conversations" }, say("All conversations"))),
    make(
      "ol",
      { class: "turns" },
      messages.map((/** @type {any} */ one) =>
        make(
          "li",
          { class: one.role, lang: one.locale, dir: "auto" },
          make("span", { class: "sr" }, say(one.role === "user" ? "Reader: " : "Answer: ")),
          one.text,
          make(
            "div",
            { class: "under" },
            make("span", { class: "quiet" }, moment(one.at)),
            one.generator && make("span", { class: "tag" }, one.generator),
            one.abstained && make("span", { class: "tag ill" }, say("not in the documentation")),
            one.rating && make("span", { class: `tag ${one.rating === "up" ? "well" : "bad"}` }, say(`rated ${one.rating}`)),
            one.sources.map((/** @type {string} */ url) => make("a", { href: `.${url}`, dir: "ltr" }, url)),
          ),
        ),
      ),
    ),
  ];
}

/** Thumbs, and after a thumb the offer to say why. */

import { h, iconButton } from "./element.js";

/** What the server keeps of a comment at most. */
const COMMENT_LIMIT = 1000;

/**
 * @param {Turn} turn
 * @param {Strings} words
 * @param {import("./turn.js").Hands} hands
 */
export function drawFeedback(turn, words, hands) {
  const thumbs = h("span", { class: "thumbs" });
  /** @param {"up" | "down"} rating */
  const thumb = (rating) =>
    iconButton(
      rating,
      rating === "up" ? words.good : words.bad,
      async (event) => {
        const actions = thumbs.parentElement;
        const pressed = /** @type {HTMLElement} */ (event.currentTarget);
        try {
          await hands.rate(turn, rating);
        } catch {
          hands.say(words.feedbackFailed);
          pressed.title = words.feedbackFailed;
          return;
        }
        hands.say(words.thanks);
        if (actions) offerComment(actions, turn, rating, words, hands);
      },
      { "aria-pressed": String(turn.rating === rating) },
    );
  thumbs.append(thumb("up"), thumb("down"));
  return [thumbs];
}

/**
 * @param {HTMLElement} actions
 * @param {Turn} turn
 * @param {"up" | "down"} rating
 * @param {Strings} words
 * @param {import("./turn.js").Hands} hands
 */
function offerComment(actions, turn, rating, words, hands) {
  const label = rating === "up" ? words.commentGood : words.comment;
  const field = h("textarea", { rows: 2, dir: "auto", maxlength: COMMENT_LIMIT, "aria-label": label, placeholder: label });
  const close = () => {
    form.remove();
    /** @type {HTMLElement | null} */ (actions.querySelector(`[aria-pressed="true"]`))?.focus();
  };
  const form = h(
    "form",
    {
      class: "comment",
      onsubmit: async (/** @type {Event} */ event) => {
        event.preventDefault();
        try {
          if (field.value.trim()) await hands.rate(turn, rating, field.value.trim());
          hands.say(words.thanks);
          close();
        } catch {
          hands.say(words.feedbackFailed);
        }
      },
    },
    field,
    h("button", { class: "primary" }, words.send),
    h("button", { type: "button", class: "plain", onclick: close }, words.skip),
  );
  actions.querySelector(".comment")?.remove();
  actions.append(form);
  field.focus();
}

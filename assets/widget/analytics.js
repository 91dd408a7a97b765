/**
 * Tells the page what happened, as DOM events that carry no text unless the owner allows it, and
 * passes them on to the page's own analytics only if the owner asks for that. Loads nothing.
 */

/**
 * @param {HTMLElement} host
 * @param {Settings} settings
 * @param {"query" | "answer" | "feedback" | "error"} name
 * @param {Record<string, string | number | boolean | undefined>} facts
 * @param {Record<string, string | undefined>} [text] what somebody wrote
 */
export function report(host, settings, name, facts, text = {}) {
  const detail = { ...facts, ...(settings.analyticsText ? text : {}) };
  host.dispatchEvent(new CustomEvent(`rag-chatbot:${name}`, { detail, bubbles: true, composed: true }));
  if (!settings.analytics) return;
  if (typeof window.gtag === "function") window.gtag("event", `rag_chatbot_${name}`, detail);
  if (typeof window.plausible === "function") window.plausible(`rag-chatbot:${name}`, { props: detail });
}

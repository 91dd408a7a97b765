/** Languages: the widget's own words, and which way a text runs. */

import english from "./strings/en.js";

/**
 * The words for a locale; English where there is no file for it.
 * @param {string} locale such as "ur" or "en-GB"
 * @returns {Promise<Strings>}
 */
export async function wordsFor(locale) {
  const code = locale.toLowerCase().split(/[-_]/)[0] ?? "";
  if (code === "en" || !/^[a-z]{2,3}$/.test(code)) return english;
  try {
    return (await import(`./strings/${code}.js`)).default;
  } catch {
    return english;
  }
}

/**
 * The direction of a text by what most of it is written in, not by its first letter:
 * an Urdu sentence may well begin with a Latin term.
 * @param {string} text
 * @param {string} around the direction of what it stands in: in an Urdu answer, or a list of Urdu
 *   pages, a few letters show that a text full of Latin terms is Urdu as well
 * @returns {"rtl" | "ltr"}
 */
export function directionOf(text, around = "ltr") {
  const rightward = text.match(/[A-Za-z\u00C0-\u02AF\u0370-\u058F\u0900-\u1CFF\u3040-\uD7AF]/g)?.length ?? 0;
  const leftward = text.match(/[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFC]/g)?.length ?? 0;
  // Latin terms take up to two thirds of a technical sentence in Urdu.
  return leftward * (around === "rtl" ? 20 : 2) > rightward ? "rtl" : "ltr";
}

/** Characters as a reader counts them, and as the server does. @param {string} text */
export const lengthOf = (text) => [...text].length;

/** Numbers and times as people read them. */

import { apart, locale, say } from "./words.js";

const few = new Intl.NumberFormat(locale, { maximumSignificantDigits: 3 });
const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const dollars = new Intl.NumberFormat("en", { style: "currency", currency: "USD", minimumFractionDigits: 2, maximumFractionDigits: 4 });

/** @param {number | null | undefined} value */
const known = (value) => value !== null && value !== undefined && Number.isFinite(value);

/** @param {number | null | undefined} value */
export const count = (value) => (known(value) ? whole.format(/** @type {number} */ (value)) : "–");

/** @param {number | null | undefined} value */
export const usd = (value) => (known(value) ? apart(dollars.format(/** @type {number} */ (value))) : "–");

/** @param {number | null | undefined} value */
export function seconds(value) {
  if (!known(value)) return "–";
  const given = /** @type {number} */ (value);
  if (given < 1) return say("{0} ms", few.format(given * 1000));
  if (given < 120) return say("{0} s", few.format(given));
  return given < 7200 ? say("{0} min", whole.format(given / 60)) : say("{0} h", few.format(given / 3600));
}

/** @param {number | null | undefined} value */
export const percent = (value) => (known(value) ? apart(`${few.format(/** @type {number} */ (value) * 100)}%`) : "–");

/** @param {number | null | undefined} value */
export function bytes(value) {
  if (!known(value)) return "–";
  let given = /** @type {number} */ (value);
  for (const unit of ["B", "kB", "MB", "GB"]) {
    if (given < 1000) return apart(`${few.format(given)} ${unit}`);
    given /= 1000;
  }
  return apart(`${few.format(given)} TB`);
}

/** @param {number | null} value @param {string} unit as `/admin/charts` names it */
export function inUnit(value, unit) {
  switch (unit) {
    case "seconds":
      return seconds(value);
    case "ratio":
    case "of_whole":
      return percent(value);
    case "bytes":
      return bytes(value);
    case "usd_per_hour":
      return known(value) ? say("{0}/h", usd(value)) : "–";
    case "per_minute":
      return known(value) ? say("{0}/min", few.format(/** @type {number} */ (value))) : "–";
    default:
      return known(value) ? few.format(/** @type {number} */ (value)) : "–";
  }
}

/** @param {string} time */
export const clock = (time) => new Date(time).toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** @param {string | null | undefined} time */
export const moment = (time) => (time ? new Date(time).toLocaleString(locale, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }) : say("never"));

/** How long ago. @param {string | null | undefined} time */
export function ago(time) {
  if (!time) return say("never");
  const passed = (Date.now() - Date.parse(time)) / 1000;
  if (passed < 60) return say("just now");
  if (passed < 3600) return say("{0} min ago", whole.format(passed / 60));
  return passed < 48 * 3600 ? say("{0} h ago", whole.format(passed / 3600)) : say("{0} days ago", whole.format(passed / 86_400));
}

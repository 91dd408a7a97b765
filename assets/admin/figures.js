/** Numbers and times as people read them. */

const few = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const dollars = new Intl.NumberFormat("en", { style: "currency", currency: "USD", minimumFractionDigits: 2, maximumFractionDigits: 4 });

/** @param {number | null | undefined} value */
const known = (value) => value !== null && value !== undefined && Number.isFinite(value);

/** @param {number | null | undefined} value */
export const count = (value) => (known(value) ? whole.format(/** @type {number} */ (value)) : "–");

/** @param {number | null | undefined} value */
export const usd = (value) => (known(value) ? dollars.format(/** @type {number} */ (value)) : "–");

/** @param {number | null | undefined} value */
export function seconds(value) {
  if (!known(value)) return "–";
  const given = /** @type {number} */ (value);
  if (given < 1) return `${few.format(given * 1000)} ms`;
  if (given < 120) return `${few.format(given)} s`;
  return given < 7200 ? `${whole.format(given / 60)} min` : `${few.format(given / 3600)} h`;
}

/** @param {number | null | undefined} value */
export const percent = (value) => (known(value) ? `${few.format(/** @type {number} */ (value) * 100)}%` : "–");

/** @param {number | null | undefined} value */
export function bytes(value) {
  if (!known(value)) return "–";
  let given = /** @type {number} */ (value);
  for (const unit of ["B", "kB", "MB", "GB"]) {
    if (given < 1000) return `${few.format(given)} ${unit}`;
    given /= 1000;
  }
  return `${few.format(given)} TB`;
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
      return known(value) ? `${usd(value)}/h` : "–";
    case "per_minute":
      return known(value) ? `${few.format(/** @type {number} */ (value))}/min` : "–";
    default:
      return known(value) ? few.format(/** @type {number} */ (value)) : "–";
  }
}

/** @param {string} time */
export const clock = (time) => new Date(time).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });

/** @param {string | null | undefined} time */
export const moment = (time) => (time ? new Date(time).toLocaleString("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }) : "never");

/** How long ago. @param {string | null | undefined} time */
export function ago(time) {
  if (!time) return "never";
  const passed = (Date.now() - Date.parse(time)) / 1000;
  if (passed < 60) return "just now";
  if (passed < 3600) return `${whole.format(passed / 60)} min ago`;
  return passed < 48 * 3600 ? `${whole.format(passed / 3600)} h ago` : `${whole.format(passed / 86_400)} days ago`;
}

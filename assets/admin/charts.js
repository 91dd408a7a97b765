/** A dashboard's charts as pictures: lines over time, with their figures beside them. */

import { choice, draw, heading, make } from "./elements.js";
import { clock, inUnit } from "./figures.js";
import { get } from "./server.js";
import { say, sayOf } from "./words.js";

/**
 * @typedef {{name: string, values: (number | null)[]}} Line
 * @typedef {{title: string, unit: string, lines: Line[]}} Chart
 * @typedef {{title: string, step_s: number, times: string[], charts: Chart[]}} Dashboard
 */

const WIDTH = 300;
const HEIGHT = 100;
const COLOURS = ["one", "two", "three"];

/** @param {string} dashboard @param {string} minutes @returns {Promise<HTMLElement>} */
export async function dashboardOf(dashboard, minutes) {
  /** @type {Dashboard} */
  const { charts, times } = await get(`admin/charts?dashboard=${dashboard}&minutes=${minutes}`);
  return make("div", { class: "charts" }, charts.map((chart) => pictureOf(chart, times)));
}

/** A number that is easy to read, at or above the largest. @param {number} largest @param {string} unit */
function topOf(largest, unit) {
  if (unit === "of_whole") return Math.max(1, largest);
  if (largest <= 0) return unit === "ratio" ? 0.01 : 1;
  const step = 10 ** Math.floor(Math.log10(largest));
  const nice = [1, 2, 2.5, 5, 10].map((factor) => factor * step).find((top) => top >= largest) ?? largest;
  return unit === "ratio" ? Math.min(nice, Math.max(1, largest)) : nice;
}

/** @param {Chart} chart @param {string[]} times */
function pictureOf(chart, times) {
  const { unit } = chart;
  const title = sayOf("chart", chart.title);
  const lines = chart.lines.map(({ name, values }) => ({ name: sayOf("line", name), values }));
  const numbers = lines.flatMap(({ values }) => values).filter((value) => value !== null);
  const top = topOf(Math.max(0, ...numbers), unit);
  const x = (/** @type {number} */ at) => (times.length > 1 ? (at / (times.length - 1)) * WIDTH : 0);
  const y = (/** @type {number} */ value) => HEIGHT - (value / top) * (HEIGHT - 8);
  const cursor = draw("line", { class: "cursor", y1: 0, y2: HEIGHT, visibility: "hidden" });
  const svg = draw(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": describe(title, unit, lines) },
    [8, HEIGHT / 2 + 4].map((at) => draw("line", { class: "grid", x1: 0, x2: WIDTH, y1: at, y2: at, "vector-effect": "non-scaling-stroke" })),
    lines.flatMap(({ values }, number) => pathsOf(values, x, y, COLOURS[number], lines.length === 1)),
    cursor,
  );
  const legend = lines.map(({ name }, number) => ({ name, figure: make("b"), colour: COLOURS[number] }));
  const when = make("span", {}, times.length ? clock(times[times.length - 1]) : "");
  const show = (/** @type {number | undefined} */ at) => {
    lines.forEach(({ values }, number) => {
      const value = at === undefined ? (values.filter((one) => one !== null).at(-1) ?? null) : values[at];
      legend[number].figure.textContent = inUnit(value, unit);
    });
    when.textContent = times.length ? clock(times[at ?? times.length - 1]) : "";
    cursor.setAttribute("visibility", at === undefined ? "hidden" : "visible");
    if (at !== undefined) for (const end of ["x1", "x2"]) cursor.setAttribute(end, String(x(at)));
  };
  show(undefined);
  const plot = make("div", { class: "plot" }, svg, numbers.length ? make("span", { class: "top" }, inUnit(top, unit)) : make("span", { class: "none" }, say("Nothing in this time")));
  plot.addEventListener("pointermove", (event) => {
    const { left, width } = plot.getBoundingClientRect();
    const at = Math.round(((event.clientX - left) / width) * (times.length - 1));
    show(Math.min(Math.max(at, 0), times.length - 1));
  });
  plot.addEventListener("pointerleave", () => show(undefined));
  return make(
    "figure",
    { class: "card chart" },
    make("figcaption", {}, make("h3", {}, title)),
    make("ul", { class: "legend" }, legend.map(({ name, figure, colour }) => make("li", { class: colour }, name, figure))),
    plot,
    make("div", { class: "ends", "aria-hidden": "true" }, make("span", {}, times.length ? clock(times[0]) : ""), when),
  );
}

/**
 * A line for each stretch without a gap.
 * @param {(number | null)[]} values
 * @param {(at: number) => number} x
 * @param {(value: number) => number} y
 * @param {string} colour
 * @param {boolean} filled
 */
function pathsOf(values, x, y, colour, filled) {
  /** @type {[number, number][][]} */
  const stretches = [[]];
  values.forEach((value, at) => {
    if (value === null) stretches.push([]);
    else stretches[stretches.length - 1].push([x(at), y(value)]);
  });
  return stretches
    .filter((points) => points.length > 0)
    .flatMap((points) => {
      const text = points.map(([left, down]) => `${left.toFixed(1)} ${down.toFixed(1)}`).join("L");
      const [first, last] = [points[0][0], points[points.length - 1][0]];
      // A single moment is a dot, which a line of no length with round ends is.
      const line = draw("path", { class: colour, d: points.length > 1 ? `M${text}` : `M${text}h0.01` });
      const area = filled && points.length > 1 && draw("path", { class: `area ${colour}`, d: `M${first} ${HEIGHT}L${text}L${last} ${HEIGHT}Z` });
      return area ? [area, line] : [line];
    });
}

/** @param {string} title @param {string} unit @param {Line[]} lines */
function describe(title, unit, lines) {
  const said = lines.map(({ name, values }) => {
    const seen = values.filter((value) => value !== null);
    if (seen.length === 0) return say("{0}: nothing", name);
    return say("{0}: now {1}, at most {2}", name, inUnit(seen[seen.length - 1], unit), inUnit(Math.max(...seen), unit));
  });
  return `${title}. ${said.join("; ")}.`;
}

/** What is shown, also after a refresh. */
const chosen = { dashboard: "main", minutes: "60" };

/** @param {() => void} refresh */
export async function chartsView(refresh) {
  const pick = (/** @type {Partial<typeof chosen>} */ part) => {
    Object.assign(chosen, part);
    refresh();
  };
  return [
    heading(
      say("Charts"),
      choice(say("Dashboard"), [["main", say("Main")], ["performance", say("Performance")], ["errors", say("Errors")], ["resources", say("Resources")]], chosen.dashboard, (dashboard) => pick({ dashboard })),
      choice(say("Time"), [["15", say("{0} min", 15)], ["60", say("1 h")], ["360", say("{0} h", 6)], ["1440", say("{0} h", 24)]], chosen.minutes, (minutes) => pick({ minutes })),
    ),
    await dashboardOf(chosen.dashboard, chosen.minutes),
  ];
}

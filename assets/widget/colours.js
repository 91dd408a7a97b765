/** Makes any accent colour readable: what can be written on it, and how it can be written itself. */

/** WCAG AA for text, with some room for rounding and tinted grounds. */
const READABLE = 5;

/**
 * Sets --on-accent and --accent-ink on the root from the colours it has inherited.
 * @param {HTMLElement} root
 */
export function setInks(root) {
  const accent = read(root, "var(--accent)");
  const surface = read(root, "var(--surface)");
  const text = read(root, "var(--text)");
  const black = [0, 0, 0];
  const white = [255, 255, 255];
  const onAccent = contrast(white, accent) >= 4.5 || contrast(white, accent) > contrast(black, accent) ? white : black;
  let ink = accent;
  for (let share = 0; share <= 1 && contrast(ink, surface) < READABLE; share += 0.1) {
    ink = accent.map((value, index) => Math.round(value * (1 - share) + (text[index] ?? 0) * share));
  }
  root.style.setProperty("--on-accent", `rgb(${onAccent.join(" ")})`);
  root.style.setProperty("--accent-ink", `rgb(${ink.join(" ")})`);
}

/**
 * @param {HTMLElement} root
 * @param {string} colour
 */
function read(root, colour) {
  const before = root.style.color;
  root.style.color = colour;
  const computed = getComputedStyle(root).color;
  root.style.color = before;
  const numbers = computed.match(/[\d.]+/g)?.map(Number) ?? [];
  // color(srgb 0.1 0.2 0.3) counts to one, rgb(…) to 255.
  return numbers.slice(0, 3).map((value) => (computed.startsWith("rgb") ? value : value * 255));
}

/**
 * @param {number[]} one
 * @param {number[]} other
 */
function contrast(one, other) {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

/** As WCAG defines it. @param {number[]} colour */
function luminance(colour) {
  const [red = 0, green = 0, blue = 0] = colour.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

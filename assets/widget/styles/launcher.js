/** How the widget looks while it is closed, and the colours everything else is made of. */
export default `
:host {
  all: initial;
  font-size: max(1rem, 16px);
  color-scheme: light;
}
:host([hidden]) { display: none; }
.root {
  --accent: var(--rag-accent, var(--ifm-color-primary, #25695a));
  --surface: var(--rag-surface, var(--ifm-background-surface-color, #fff));
  --text: var(--rag-text, var(--ifm-font-color-base, #1c1e21));
  --muted: var(--rag-muted, #555b63);
  --line: var(--rag-line, #d9dce1);
  --tint: var(--rag-tint, #f4f5f7);
  --edge: #858b94;
  --shade: 0 8px 30px rgb(0 0 0 / .18), 0 1px 4px rgb(0 0 0 / .12);
  --danger: #b3261e;
  --mark: #fdeaa7;
  --radius: var(--rag-radius, 12px);
  --font: var(--rag-font, var(--ifm-font-family-base, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif));
  --code-font: var(--rag-code-font, var(--ifm-font-family-monospace, ui-monospace, SFMono-Regular, Menlo, Consolas, monospace));
  --urdu: var(--rag-urdu-font, "Noto Nastaliq Urdu", "Jameel Noori Nastaleeq", "Urdu Typesetting", "Noto Naskh Arabic", "Noto Sans Arabic", var(--font));
  color: var(--text);
  font: 400 1em/1.6 var(--font);
  text-align: start;
  -webkit-text-size-adjust: 100%;
}
.root.dark {
  color-scheme: dark;
  --surface: var(--rag-surface, var(--ifm-background-surface-color, #202124));
  --text: var(--rag-text, var(--ifm-font-color-base, #e6e7ea));
  --muted: var(--rag-muted, #b0b5bd);
  --line: var(--rag-line, #45484f);
  --tint: var(--rag-tint, rgb(255 255 255 / .06));
  --edge: #8d939c;
  --shade: 0 8px 30px rgb(0 0 0 / .55);
  --danger: #ffb4ab;
  --mark: #5c4d12;
}
.root:lang(ur) { font-family: var(--urdu); line-height: 2; }
*, *::before { box-sizing: border-box; }
[hidden] { display: none !important; }
button {
  font: inherit;
  color: inherit;
  background: none;
  border: 1px solid transparent;
  border-radius: 8px;
  margin: 0;
  padding: 0;
  cursor: pointer;
}
:focus-visible { outline: 2px solid var(--accent-ink); outline-offset: 2px; }
.icon {
  width: 1.25em;
  height: 1.25em;
  flex: none;
  display: block;
  fill: none;
  stroke: currentColor;
  stroke-width: 1.8;
  stroke-linecap: round;
  stroke-linejoin: round;
}
.unseen {
  position: absolute !important;
  width: 1px;
  height: 1px;
  margin: -1px;
  padding: 0;
  border: 0;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}
.launcher, .selection-tools { position: fixed; z-index: 9999; box-shadow: var(--shade); }
.launcher {
  inset-block-end: max(1.25em, env(safe-area-inset-bottom));
  inset-inline-end: 1.25em;
  display: flex;
  align-items: center;
  gap: .5em;
  min-height: 3em;
  padding: .4em 1.1em;
  border-radius: 2em;
  background: var(--accent);
  color: var(--on-accent);
  font-weight: 600;
}
.alert {
  position: fixed;
  z-index: 9999;
  inset-block-end: 5.5em;
  inset-inline-end: 1.25em;
  max-width: min(22em, calc(100vw - 2.5em));
  margin: 0;
  padding: .6em 1em;
  border: 1px solid var(--line);
  border-radius: 10px;
  background: var(--surface);
  box-shadow: var(--shade);
}
.launcher:hover { filter: brightness(1.08); }
.launcher kbd {
  font: 600 .8em/1.5 var(--code-font);
  border: 1px solid;
  border-radius: 4px;
  padding: 0 .4em;
}
.selection-tools {
  display: flex;
  gap: 2px;
  padding: 3px;
  border-radius: 10px;
  border: 1px solid var(--line);
  background: var(--surface);
  font-size: .9em;
}
.selection-tools button { padding: .3em .7em; white-space: nowrap; }
.selection-tools button:hover { background: var(--tint); }
@media (max-width: 576px) {
  .launcher { padding: .75em; }
  .launcher .name { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .launcher kbd { display: none; }
}
@media (hover: none) { .launcher kbd { display: none; } }
@media (forced-colors: active) { .launcher, .selection-tools { border: 1px solid; } }
@media print { .launcher, .selection-tools { display: none; } }
`;

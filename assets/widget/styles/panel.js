/** How the open widget looks: the panel, the box and the sections found. */
export default `
.panel { color: var(--text); background: var(--surface); display: flex; flex-direction: column; }
dialog.panel:not([open]) { display: none; }
dialog.panel {
  position: fixed;
  inset: 0;
  margin: 7vh auto auto;
  width: min(46em, calc(100vw - 2em));
  max-width: none;
  max-height: 86vh;
  padding: 0;
  border: 1px solid var(--line);
  border-radius: var(--radius);
  box-shadow: var(--shade);
  overflow: hidden;
  animation: appear .16s ease-out;
}
dialog.panel.talking { height: 86vh; }
dialog.panel::backdrop { background: rgb(0 0 0 / .4); }
@keyframes appear { from { opacity: 0; transform: translateY(-8px); } }
section.panel { height: 100vh; height: 100dvh; }
section.panel > * { width: 100%; max-width: 52rem; margin-inline: auto; }
.head { display: flex; align-items: center; gap: .15em; padding: .6em .75em .2em 1.1em; }
[dir="rtl"] .head { padding: .6em 1.1em .2em .75em; }
.head h1, .head h2 { font-size: 1em; line-height: inherit; font-weight: 700; margin: 0; flex: 1; min-width: 0; overflow-wrap: anywhere; }
.icon-button {
  display: inline-grid;
  place-items: center;
  min-width: 2.25em;
  min-height: 2.25em;
  color: var(--muted);
}
a.icon-button { border-radius: 8px; }
.icon-button:hover, .plain:hover { background: var(--tint); color: var(--text); }
.icon-button[aria-pressed="true"] { color: var(--accent-ink); background: var(--tint); }
.plain, .primary { display: inline-flex; align-items: center; gap: .4em; min-height: 2.25em; padding: .1em .9em; border-color: var(--edge); }
.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); font-weight: 600; }
.primary.danger { background: var(--danger); border-color: var(--danger); color: var(--surface); }
[aria-disabled="true"] { color: var(--muted); border-style: dashed; cursor: not-allowed; }
.box {
  position: relative;
  display: grid;
  grid-template-columns: 1fr auto;
  align-items: end;
  margin: .3em 1em .5em;
  border: 1.5px solid var(--edge);
  border-radius: 10px;
  background: var(--surface);
}
section.panel > .box { width: calc(100% - 2em); max-width: 50rem; margin-inline: auto; }
.box:focus-within { border-color: var(--accent-ink); box-shadow: 0 0 0 1px var(--accent-ink); }
.box.too-long { border-color: var(--danger); box-shadow: 0 0 0 1px var(--danger); }
.field {
  grid-row: 1;
  font: inherit;
  line-height: 1.5;
  color: inherit;
  background: none;
  border: 0;
  outline: 0;
  margin: 0;
  padding: .65em .9em;
  min-width: 0;
  max-height: 30vh;
  resize: none;
  overflow-y: auto;
}
.root:lang(ur) .field { line-height: 2; padding-block: .3em; }
.field:dir(rtl) { font-family: var(--urdu); line-height: 2; }
.field::placeholder { color: var(--muted); opacity: 1; }
.send {
  grid-row: 1;
  margin: .35em;
  width: 2.35em;
  height: 2.35em;
  display: grid;
  place-items: center;
  background: var(--accent);
  color: var(--on-accent);
}
.counter { grid-column: 1 / -1; font-size: .78em; line-height: 1.5; color: var(--muted); padding: 0 1.1em .35em; display: flex; gap: 1em; }
.too-long .counter { color: var(--danger); font-weight: 600; }
.about { display: flex; align-items: start; gap: .5em; margin: .3em 1em 0; padding: .3em .3em .3em .8em; border-inline-start: 3px solid var(--accent); background: var(--tint); border-radius: 6px; font-size: .9em; }
.about div { flex: 1; min-width: 0; }
.about p, .about blockquote { margin: 0; }
.about p { color: var(--muted); font-size: .9em; }
.about blockquote, .question blockquote { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; overflow-wrap: anywhere; }
.found, .scroller { flex: 1 1 auto; min-height: 0; overflow-y: auto; overscroll-behavior: contain; }
.sections { padding: 0 .5em .5em; }
.section { display: block; padding: .45em .7em; border-radius: 8px; cursor: pointer; border: 1.5px solid transparent; }
.section[aria-selected="true"] { background: var(--tint); border-color: var(--accent-ink); }
.trail { display: block; font-weight: 600; overflow-wrap: anywhere; }
.excerpt { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; color: var(--muted); font-size: .88em; overflow-wrap: anywhere; }
.excerpt mark { background: none; color: inherit; font-weight: 700; text-decoration: underline; text-decoration-color: var(--accent-ink); text-underline-offset: 3px; }
.none, .welcome, .foot { color: var(--muted); margin: 0; padding: .5em 1.2em; }
.welcome { padding: .6em 1.2em 1.4em; }
.welcome h3 { color: var(--text); font-size: 1.15em; margin: .2em 0; }
.welcome p { margin: 0; }
.examples { display: flex; flex-wrap: wrap; gap: .5em; margin-top: .8em; }
.examples button { color: var(--text); text-align: start; }
.foot { font-size: .78em; border-top: 1px solid var(--line); display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1.5em; padding-block: .45em; }
.notice { margin: .3em 1em; padding: .5em .8em; border: 1px solid var(--line); border-radius: 8px; background: var(--tint); font-size: .92em; display: flex; flex-wrap: wrap; align-items: center; gap: .5em; }
.notice span { flex: 1 1 12em; }
@media (max-width: 576px) {
  dialog.panel, dialog.panel.talking { margin: 0; width: 100vw; height: 100vh; height: 100dvh; max-height: none; border: 0; border-radius: 0; }
  .box { margin-inline: .7em; }
  .keys { display: none; }
}
@media (max-height: 480px) { .foot { display: none; } dialog.panel { margin-top: 1vh; max-height: 98vh; } dialog.panel.talking { height: 98vh; } }
@media (hover: none) { .keys { display: none; } }
@media (prefers-reduced-motion: reduce) { * { animation: none !important; transition: none !important; } }
@media (forced-colors: active) {
  .section[aria-selected="true"] { outline: 2px solid Highlight; }
  .send, .primary { border: 1px solid ButtonText; }
}
`;

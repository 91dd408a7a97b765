/** How the open widget looks: the panel, the box, the sections found, questions, answers, sources. */
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
.trail i { font: 1em/1 var(--font); }
.excerpt { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; color: var(--muted); font-size: .88em; overflow-wrap: anywhere; }
.excerpt mark { background: none; color: inherit; font-weight: 700; text-decoration: underline; text-decoration-color: var(--accent-ink); text-underline-offset: 3px; }
.none, .welcome, .foot { color: var(--muted); margin: 0; padding: .5em 1.2em; }
.welcome { padding: .6em 1.2em 1.4em; }
.welcome h2, .welcome h3 { color: var(--text); font-size: 1.15em; margin: .2em 0; }
.welcome p { margin: 0; }
.examples { display: flex; flex-wrap: wrap; gap: .5em; margin-top: .8em; }
.examples button { color: var(--text); text-align: start; }
.foot { font-size: .78em; border-top: 1px solid var(--line); display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1.5em; padding-block: .45em; margin-block-start: auto; }
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
.scroller { padding: 0 1.2em; }
.turn { padding: .4em 0 1.2em; }
.turn + .turn { border-top: 1px solid var(--line); }
.turn.latest { min-height: calc(var(--room, 0px) - 1px); }
.question p { margin: .4em 0; font-size: 1.12em; font-weight: 700; line-height: 1.4; overflow-wrap: anywhere; white-space: pre-wrap; }
.question blockquote { margin: .2em 0 .6em; padding-inline-start: .8em; border-inline-start: 3px solid var(--line); color: var(--muted); font-size: .9em; }
.root:lang(ur) .question p { line-height: 2; }
.label { display: inline-block; margin: 0 0 .5em; padding: .1em .7em; border-radius: 1em; font-size: .8em; font-weight: 600; background: var(--tint); border: 1px solid var(--line); color: var(--muted); }
.answer { overflow-wrap: anywhere; }
.answer > :first-child { margin-top: 0; }
.answer p, .answer ul, .answer ol, .answer blockquote, .answer .table, .answer .code { margin: .6em 0; }
.answer li > ul, .answer li > ol { margin: .2em 0; }
.answer h3, .answer h4, .answer h5, .answer h6 { font-size: 1.05em; margin: 1em 0 .3em; }
.answer ul, .answer ol { padding-inline-start: 1.5em; }
.answer blockquote { margin-inline: 0; padding-inline-start: .9em; border-inline-start: 3px solid var(--line); color: var(--muted); }
.answer a { color: var(--accent-ink); }
.answer code { font: .88em/1.5 var(--code-font); background: var(--tint); border: 1px solid var(--line); border-radius: 4px; padding: .05em .3em; }
[dir="rtl"] { text-align: start; }
[dir="ltr"] { font-family: var(--font); }
.panel [dir="rtl"] { font-family: var(--urdu); line-height: 2.1; }
.answer [dir="ltr"], q[dir="ltr"], .trail[dir="ltr"] { line-height: 1.6; }
bdi, bdi[dir] { font-family: var(--font); line-height: 1; }
.code { border: 1px solid var(--line); border-radius: 8px; overflow: hidden; background: var(--tint); text-align: left; }
.code-bar { display: flex; justify-content: space-between; align-items: center; font-size: .8em; line-height: 1.5; color: var(--muted); padding-inline-start: 1em; border-bottom: 1px solid var(--line); font-family: var(--code-font); }
.code pre { margin: 0; padding: .7em 1em; overflow-x: auto; line-height: 1.5; }
.code pre code { background: none; border: 0; padding: 0; }
pre:focus-visible, .table:focus-visible { outline-offset: -2px; }
.table { overflow-x: auto; }
table { border-collapse: collapse; font-size: .92em; }
th, td { border: 1px solid var(--line); padding: .3em .7em; text-align: start; overflow-wrap: normal; }
th { background: var(--tint); }
.citation {
  display: inline-block;
  min-width: 1.6em;
  margin-inline: .15em;
  padding: 0 .35em;
  border: 1px solid var(--line);
  border-radius: .8em;
  background: var(--tint);
  font: 600 .75em/1.6 var(--font);
  text-align: center;
  text-decoration: none;
  vertical-align: .15em;
}
.citation:hover { border-color: var(--accent-ink); }
.note { color: var(--muted); font-size: .92em; margin: .4em 0; }
.trouble { color: var(--danger); padding: .4em .8em; border-inline-start: 3px solid; background: var(--tint); border-radius: 4px; }
.trouble small { color: var(--muted); }
.searching::after { content: ""; display: inline-block; width: .6em; height: .6em; margin-inline-start: .6em; border-radius: 50%; background: var(--accent-ink); animation: breathe 1.2s ease-in-out infinite; }
@keyframes breathe { 50% { opacity: .2; } }
.sources h3 { font-size: .85em; font-weight: 700; color: var(--muted); margin: 1em 0 .3em; }
.sources-list { margin: 0; padding: 0; list-style: none; display: grid; gap: .4em; counter-reset: source; }
.sources-list li { counter-increment: source; }
.source { display: block; padding: .45em .8em; border: 1px solid var(--line); border-radius: 8px; color: inherit; text-decoration: none; }
.source:hover { border-color: var(--accent-ink); background: var(--tint); }
.source .trail { color: var(--accent-ink); font-size: .92em; }
.sources-list .trail::before { content: counter(source) " · "; unicode-bidi: isolate; color: var(--muted); }
.source:hover .trail { text-decoration: underline; }
q { quotes: none; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden; color: var(--muted); font-size: .86em; overflow-wrap: anywhere; }
.actions { display: flex; flex-wrap: wrap; align-items: center; gap: .3em; margin-top: .6em; }
.actions:empty { display: none; }
.thumbs { display: inline-flex; }
.comment { flex: 1 0 100%; display: flex; flex-wrap: wrap; gap: .5em; }
.comment textarea { flex: 1 0 100%; font: inherit; color: inherit; background: var(--surface); border: 1px solid var(--edge); border-radius: 8px; padding: .4em .7em; resize: vertical; }
.comment textarea::placeholder { color: var(--muted); opacity: 1; }
@media (max-width: 576px) { .scroller { padding: 0 .9em; } }
`;

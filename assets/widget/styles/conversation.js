/** How questions, answers and sources look. */
export default `
.scroller { padding: 0 1.2em; }
.turn { padding: .4em 0 1.2em; }
.turn + .turn { border-top: 1px solid var(--line); }
.turn.latest { min-height: calc(var(--room, 0px) - 1px); }
.question p { margin: .4em 0; font-size: 1.12em; font-weight: 700; line-height: 1.4; overflow-wrap: anywhere; white-space: pre-wrap; }
.question blockquote { margin: .2em 0 .6em; padding-inline-start: .8em; border-inline-start: 3px solid var(--line); color: var(--muted); font-size: .9em; }
.question p:lang(ur), .root:lang(ur) .question p, .question [dir="rtl"] { line-height: 2; }
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
.answer[dir="rtl"], .answer [dir="rtl"], q[dir="rtl"], .trail[dir="rtl"], .excerpt[dir="rtl"], .question [dir="rtl"], .about [dir="rtl"] { font-family: var(--urdu); line-height: 2.1; }
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
ol.sources-list li { counter-increment: source; }
.source { display: block; padding: .45em .8em; border: 1px solid var(--line); border-radius: 8px; color: inherit; text-decoration: none; }
.source:hover { border-color: var(--accent-ink); background: var(--tint); }
.source .trail { color: var(--accent-ink); font-size: .92em; }
ol.sources-list .trail::before { content: counter(source) " · "; unicode-bidi: isolate; color: var(--muted); }
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

/**
 * Texts that would run as a script if any page took them for more than text. `MARK` is what a payload does when it
 * runs: it sets a mark on the window and asks for an address of this server that nothing else asks for.
 */
const MARK = `window.__ran=(window.__ran||0)+1;fetch('/x-ran')`;
const CALL = `window.__ran=1`;

/** Payloads for places where markup could be read. */
const MARKUP: readonly string[] = [
  `<script>${MARK}</script>`,
  `<SCRIPT>${MARK}</SCRIPT>`,
  `<scr<script>ipt>${MARK}</scr</script>ipt>`,
  `</script><script>${MARK}</script>`,
  `</title><script>${MARK}</script>`,
  `</textarea><script>${MARK}</script>`,
  `</style><script>${MARK}</script>`,
  `<script src=/x-ran></script>`,
  `<script type=module>import('/x-ran')</script>`,
  `<img src=x onerror="${MARK}">`,
  `<img src=x onerror=${CALL}>`,
  `<img/src=x/onerror=${CALL}>`,
  `<IMG SRC=x OnErRoR="${CALL}">`,
  `<img src="/x-ran">`,
  `<img srcset="/x-ran 1x">`,
  `<svg onload="${MARK}">`,
  `<svg/onload=${CALL}>`,
  `<svg><script>${MARK}</script></svg>`,
  `<svg><animate onbegin="${CALL}" attributeName=x dur=1s>`,
  `<svg><a xlink:href="javascript:${CALL}"><text y=20>x</text></a></svg>`,
  `<svg><use href="data:image/svg+xml,<svg id='x' onload='${CALL}'/>#x"/></svg>`,
  `<math><mtext></mtext><mglyph><style><img src=x onerror="${CALL}"></style></mglyph></math>`,
  `<body onload="${CALL}">`,
  `<body onpageshow="${CALL}">`,
  `<iframe src="javascript:parent.${CALL}"></iframe>`,
  `<iframe srcdoc="<script>parent.${CALL}</script>"></iframe>`,
  `<iframe src="/x-ran"></iframe>`,
  `<object data="javascript:${CALL}"></object>`,
  `<object data="/x-ran"></object>`,
  `<embed src="/x-ran">`,
  `<link rel=stylesheet href="/x-ran">`,
  `<link rel=prefetch href="/x-ran">`,
  `<style>@import '/x-ran';</style>`,
  `<style>body{background:url(/x-ran)}</style>`,
  `<div style="background:url(/x-ran)">x</div>`,
  `<div style="width:expression(${CALL})">x</div>`,
  `<base href="//127.0.0.1:9/">`,
  `<meta http-equiv="refresh" content="0;url=/x-ran">`,
  `<meta http-equiv="Content-Security-Policy" content="script-src 'unsafe-inline'"><script>${MARK}</script>`,
  `<form action="/x-ran"><input autofocus onfocus="${CALL}"></form>`,
  `<input autofocus onfocus=${CALL}>`,
  `<select autofocus onfocus=${CALL}></select>`,
  `<textarea autofocus onfocus=${CALL}></textarea>`,
  `<button popovertarget=x onclick=${CALL}>x</button><div popover id=x onbeforetoggle=${CALL}></div>`,
  `<details open ontoggle="${CALL}"><summary>x</summary></details>`,
  `<marquee onstart="${CALL}">x</marquee>`,
  `<video src=x onerror="${CALL}"></video>`,
  `<video><source onerror="${CALL}"></video>`,
  `<audio src=x onerror=${CALL}></audio>`,
  `<video poster="/x-ran"></video>`,
  `<a href="javascript:${CALL}">x</a>`,
  `<a href="java&#x0A;script:${CALL}">x</a>`,
  `<a href=" javascript:${CALL}">x</a>`,
  `<a href="data:text/html,<script>opener.${CALL}</script>">x</a>`,
  `<template><script>${MARK}</script></template>`,
  `<template shadowrootmode=open><img src=x onerror=${CALL}></template>`,
  `<noscript><p title="</noscript><img src=x onerror=${CALL}>">`,
  `<!--><img src=x onerror=${CALL}>-->`,
  `<![CDATA[<img src=x onerror=${CALL}>]]>`,
  `<?xml version="1.0"?><x xmlns="http://www.w3.org/1999/xhtml"><script>${MARK}</script></x>`,
  `<dialog open onclose=${CALL}><form method=dialog><button autofocus>x</button></form></dialog>`,
  `<custom-x tabindex=1 autofocus onfocus=${CALL}>`,
];

/** Payloads for places where a text lands in an attribute, an address, a script, a template or a style. */
const CONTEXTS: readonly string[] = [
  `"><img src=x onerror=${CALL}>`,
  `'><img src=x onerror=${CALL}>`,
  `" autofocus onfocus="${CALL}" x="`,
  `' autofocus onfocus='${CALL}' x='`,
  `\`-${CALL}-\``,
  `';${MARK};//`,
  `";${MARK};//`,
  `\\";${MARK};//`,
  `\${${CALL}}`,
  `{{constructor.constructor('${CALL}')()}}`,
  `#{${CALL}}`,
  `javascript:${CALL}`,
  `JaVaScRiPt:${CALL}`,
  `java\tscript:${CALL}`,
  `data:text/html;base64,PHNjcmlwdD53aW5kb3cuX19yYW49MTwvc2NyaXB0Pg==`,
  `//127.0.0.1:9/x-ran`,
  `\u2028${MARK}\u2029`,
  `%3Cscript%3E${CALL}%3C/script%3E`,
  `&lt;script&gt;${CALL}&lt;/script&gt;`,
  `&#60;img src=x onerror=${CALL}&#62;`,
  `\u003cimg src=x onerror=${CALL}\u003e`,
  `＜img src=x onerror=${CALL}＞`,
  `+ADw-script+AD4-${CALL}+ADw-/script+AD4-`,
  `x;background:url(/x-ran)`,
  `__proto__`,
  `constructor`,
  `{"dangerouslySetInnerHTML":{"__html":"<img src=x onerror=${CALL}>"}}`,
  `[x](javascript:${CALL})`,
  `![x](/x-ran)`,
  `\u202e<img src=x onerror=${CALL}>\u202c`,
];

/** All of them. */
export const PAYLOADS: readonly string[] = [...MARKUP, ...CONTEXTS];

/** What payloads ask for; nothing else does. */
export const RAN_PATH = '/x-ran';

/** Several payloads in one text of at most so many characters, from a place on; where it stood tells which failed. */
export function payloadsWithin(characters: number, from = 0): string {
  let text = '';
  for (let at = 0; at < PAYLOADS.length; at += 1) {
    const next = PAYLOADS[(from + at) % PAYLOADS.length] ?? '';
    if (text.length + next.length + 1 > characters) break;
    text += `${text === '' ? '' : ' '}${next}`;
  }
  return text === '' ? (PAYLOADS[from % PAYLOADS.length] ?? '').slice(0, characters) : text;
}

/** Texts that a spreadsheet would run as a formula. */
export const FORMULAS: readonly string[] = [
  '=1+1',
  "=cmd|' /C calc'!A0",
  '=HYPERLINK("http://127.0.0.1:9/x","click")',
  '+1+1',
  '-1+1',
  '@SUM(1+1)',
  '\t=1+1',
  '\r=1+1',
  '\n=1+1',
  ' =1+1',
  '\u00a0=1+1',
  '\ufeff=1+1',
  '＝1+1',
  '＋1',
  '－1',
  '＠SUM(1)',
  '"=1+1',
  "'=1+1",
  '=1+1,=2+2',
  '=1+1;=2+2',
  '=1+1"\r\n=2+2',
];

/** Sequences that move a cursor, set a title, write to the clipboard, ask a terminal to answer, or hide what follows. */
export const TERMINAL: readonly string[] = [
  '\u001b[2J\u001b[H',
  '\u001b]0;title\u0007',
  '\u001b]52;c;ZXZpbA==\u0007',
  '\u001b]8;;http://127.0.0.1:9/\u001b\\link\u001b]8;;\u001b\\',
  '\u001b[6n',
  '\u001b[8mhidden\u001b[0m',
  '\u001b[1A\u001b[2K',
  '\u001bP+q544e\u001b\\',
  '\u009b31m',
  '\u009d0;title\u009c',
  '\u0007\u0008\u007f',
  'a\rb',
  'a\nb',
  'a\u000bb\u000cc',
  '\u202eright to left',
  '\u2066isolated\u2069',
  'zero\u200bwidth',
  '\u2028line\u2029paragraph',
  '\ufeffmark',
];

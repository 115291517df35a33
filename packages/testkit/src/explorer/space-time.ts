import type { Run } from '../simulation/run.ts'
import { diagramOf } from './diagram.ts'
import { SPACE_TIME_SCRIPT } from './space-time-script.ts'
import { SPACE_TIME_STYLE } from './space-time-style.ts'
import { msWords } from './wording.ts'

/**
 * A run as a space-time diagram: one HTML page that needs nothing else, no network either.
 *
 * Nodes are lines, time goes down. Messages are arrows with the names of what they carry, from sending to arrival; lost
 * ones end in a cross. A node that is down or paused has a gap, a partition is a band, an operation of a client is a
 * bar with its answer. The smallest part of the history that cannot be explained is marked. Zoom, pan, search, details
 * where the pointer is, and a list of what the nemesis did that jumps there.
 *
 * Takes about 120 bytes and a microsecond per event; 20,000 events are fine.
 *
 * @param run one with `record: true`; without, it has no messages
 */
export function spaceTime(run: Run): string {
  const diagram = diagramOf(run)
  const violation = run.violations[0]
  const title = `${run.scenario}, seed ${run.seed}`
  const facts = [
    violation === undefined ? 'no violation' : `${violation.kind} violation: ${violation.name}`,
    `${msWords(run.simulatedMs)} ms`,
    `${diagram.messages.length} messages`,
    `hash ${run.hash}`,
  ].join(' · ')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${SPACE_TIME_STYLE}</style>
</head>
<body>
<header>
<h1>${escapeHtml(title)}</h1>
<span class="facts">${escapeHtml(facts)}</span>
<input id="search" type="search" placeholder="search ( / )" aria-label="search"><span id="count" role="status"></span>
<button id="start" title="v">violation</button><button id="fit" title="0">all</button>
<button id="out" title="-" aria-label="zoom out">−</button><button id="in" title="+" aria-label="zoom in">+</button>
<button id="theme">light or dark</button>
</header>
<main><canvas id="canvas" tabindex="0" role="img" aria-label="space-time diagram of ${escapeHtml(title)}"></canvas><div id="tip"></div></main>
<aside>
<h2>Violations</h2><ol id="violations"></ol>
<h2>Conflict</h2><ol id="conflict"></ol>
<h2>Details</h2><div id="details">Point at something; click to keep it here.</div>
<h2>Nemesis</h2><ol id="nemesis"></ol>
<h2>Legend</h2>
<div id="legend">${LEGEND}</div>
<h2>Keys</h2>
<div>Wheel or arrows move, <kbd>Ctrl</kbd> and wheel or <kbd>+</kbd> <kbd>-</kbd> zoom, <kbd>0</kbd> shows all,
<kbd>v</kbd> the violation, <kbd>/</kbd> searches, <kbd>Enter</kbd> or <kbd>n</kbd> goes to the next that was found.</div>
</aside>
<noscript>This page draws itself, and needs JavaScript for that.</noscript>
<script id="data" type="application/json">${jsonInHtml(diagram)}</script>
<script>${SPACE_TIME_SCRIPT}</script>
</body>
</html>
`
}

const LEGEND = [
  ['message', 'message'],
  ['drop', 'lost message'],
  ['odd', 'corrupted or twice'],
  ['down', 'node down'],
  ['paused', 'node paused'],
  ['trouble', 'nemesis, partition'],
  ['ok', 'operation: ok'],
  ['fail', 'failed'],
  ['info', 'outcome unknown'],
  ['conflict', 'cannot be explained'],
]
  .map(([colour, words]) => `<span><i style="background:var(--${colour})"></i>${words}</span>`)
  .join('\n')

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** Within a script element only what begins with `<` could end it or begin a comment. */
function jsonInHtml(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c')
}

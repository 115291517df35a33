/** How a space-time diagram looks: the style sheet of its page. */
export const SPACE_TIME_STYLE: string = `
:root {
  color-scheme: light dark;
  --back: #ffffff; --panel: #f5f6f8; --text: #1d232b; --faint: #667080; --line: #d5dae1;
  --lane: #8a94a3; --message: #3d6fb4; --drop: #c62f3d; --odd: #a86a00; --down: #c62f3d; --paused: #a86a00;
  --ok: #1f7a4d; --fail: #c62f3d; --info: #8a6d00; --conflict: #a3178f; --trouble: #d98a1f; --hit: #7b3ff2;
}
@media (prefers-color-scheme: dark) {
  :root:not([data-theme='light']) {
    --back: #14171c; --panel: #1c2128; --text: #e3e7ec; --faint: #98a3b1; --line: #2d343e;
    --lane: #76818f; --message: #7fb0f0; --drop: #ff7681; --odd: #f0b13c; --down: #ff7681; --paused: #f0b13c;
    --ok: #58c08a; --fail: #ff7681; --info: #e0bf4a; --conflict: #ff79e6; --trouble: #f0a84a; --hit: #b79bff;
  }
}
:root[data-theme='dark'] {
  color-scheme: dark;
  --back: #14171c; --panel: #1c2128; --text: #e3e7ec; --faint: #98a3b1; --line: #2d343e;
  --lane: #76818f; --message: #7fb0f0; --drop: #ff7681; --odd: #f0b13c; --down: #ff7681; --paused: #f0b13c;
  --ok: #58c08a; --fail: #ff7681; --info: #e0bf4a; --conflict: #ff79e6; --trouble: #f0a84a; --hit: #b79bff;
}
:root[data-theme='light'] { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; height: 100vh; display: grid; grid-template: auto 1fr / 1fr 300px; background: var(--back);
  color: var(--text); font: 13px/1.45 system-ui, sans-serif; }
header { grid-column: 1 / 3; display: flex; flex-wrap: wrap; gap: 6px 14px; align-items: center; padding: 8px 12px;
  background: var(--panel); border-bottom: 1px solid var(--line); }
h1 { margin: 0; font-size: 14px; }
header .facts { color: var(--faint); flex: 1; }
input, button { font: inherit; color: inherit; background: var(--back); border: 1px solid var(--line);
  border-radius: 4px; padding: 3px 8px; }
button { cursor: pointer; }
button:hover { border-color: var(--hit); }
:focus-visible { outline: 2px solid var(--hit); outline-offset: 1px; }
main { position: relative; min-width: 0; min-height: 0; overflow: hidden; }
canvas { position: absolute; inset: 0; width: 100%; height: 100%; cursor: grab; touch-action: none; }
canvas.dragging { cursor: grabbing; }
aside { overflow: auto; padding: 10px 12px; background: var(--panel); border-left: 1px solid var(--line); }
aside h2 { margin: 14px 0 4px; font-size: 11px; text-transform: uppercase; letter-spacing: .05em; color: var(--faint); }
aside h2:first-child { margin-top: 0; }
aside ol { margin: 0; padding: 0; list-style: none; }
aside li button { width: 100%; border: 0; background: none; padding: 2px 4px; text-align: left; overflow-wrap: anywhere; }
aside li button:hover { background: var(--line); }
aside time { color: var(--faint); font-variant-numeric: tabular-nums; margin-right: 6px; }
aside .violation { color: var(--drop); }
aside .conflict { color: var(--conflict); }
#details { white-space: pre-wrap; overflow-wrap: anywhere; min-height: 5.8em; }
#legend span { display: inline-block; margin-right: 10px; white-space: nowrap; }
#legend i { display: inline-block; width: 14px; height: 3px; margin-right: 4px; vertical-align: middle; }
#tip { position: absolute; display: none; max-width: 420px; padding: 4px 8px; white-space: pre-wrap; overflow-wrap: anywhere;
  background: var(--panel); border: 1px solid var(--line); border-radius: 4px; pointer-events: none;
  box-shadow: 0 2px 8px #0004; }
kbd { font: 11px ui-monospace, monospace; }
@media (max-width: 800px) { body { grid-template: auto 1fr 35vh / 1fr; } header { grid-column: 1; }
  aside { border-left: 0; border-top: 1px solid var(--line); } }
`

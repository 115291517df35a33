import { createContext, Script } from 'node:vm'
import test from 'ava'
import { NO_COVERAGE } from '../simulation/coverage.ts'
import type { Run } from '../simulation/run.ts'
import type { TraceEvent } from '../simulation/trace.ts'
import type { Diagram } from './diagram.ts'
import { spaceTime } from './space-time.ts'
import { SPACE_TIME_SCRIPT } from './space-time-script.ts'

const HOSTILE = '</script><img src=x onerror=alert(1)>&amp;"\'<!--'

const frame = { link: 1, sizeBytes: 9 }
const trace: readonly TraceEvent[] = [
  { atMs: 0, node: 'n1', kind: 'started' },
  { atMs: 10, node: 'n1', kind: 'sent', peer: 'n2', n: 1, text: HOSTILE, ...frame },
  { atMs: 11, node: 'c1', kind: 'invoke', process: 'c1.2', text: 'read' },
  { atMs: 12, node: 'n1', kind: 'sent', peer: 'n2', n: 2, text: 'put', ...frame },
  { atMs: 12, node: 'n1', kind: 'duplicated', peer: 'n2', n: 2, ...frame },
  { atMs: 15, node: 'n2', kind: 'received', peer: 'n1', n: 1, ...frame },
  { atMs: 16, node: 'n2', kind: 'received', peer: 'n1', n: 2, ...frame },
  { atMs: 17, node: 'n2', kind: 'dropped', peer: 'n1', n: 2, text: 'loss', ...frame },
  { atMs: 18, node: 'n2', kind: 'sent', peer: 'n1', n: 1, text: 'late', ...frame },
  { atMs: 20, node: 'n2', kind: 'paused' },
  { atMs: 25, node: 'n2', kind: 'crashed' },
  { atMs: 40, node: 'n2', kind: 'started' },
  { atMs: 42, node: 'c10', kind: 'linked', peer: 'c2' },
]
const conflict = [{ process: 'c1.2', type: 'invoke', f: 'read', at: 11 } as const]
const run: Run = {
  scenario: HOSTILE,
  seed: HOSTILE,
  violations: [{ kind: 'safety', name: 'lost', message: HOSTILE, atMs: 50, conflict }],
  history: [
    { process: 'c1.2', type: 'invoke', f: 'read', at: 11 },
    { process: 'c2', type: 'invoke', f: 'write', key: 'k', value: HOSTILE, at: 12 },
    { process: 'c1.2', type: 'ok', f: 'read', value: 3, at: 30 },
  ],
  hash: '0123456789abcdef',
  checkpoints: [],
  events: 99,
  simulatedMs: 60,
  nemesis: [
    { atMs: 5, op: 'partition', groups: [['n1'], ['n2', HOSTILE]] },
    { atMs: 25, op: 'crash', node: 'n2' },
    { atMs: 30, op: 'cut', from: 'n1', to: 'n2' },
    { atMs: 35, op: 'heal' },
  ],
  messageFaults: [],
  nodes: ['n1', 'n2'],
  trace,
  coverage: NO_COVERAGE,
  draws: { nodes: 2, clients: 2, durationMs: 50, operations: 2 },
}

test('messages, gaps, bands, operations and faults of a run are all there', (t) => {
  const diagram = read(spaceTime(run))

  t.deepEqual(diagram.lanes, ['n1', 'n2', 'c1', 'c2', 'c10'])
  t.deepEqual(
    diagram.messages.map(([from, to, fromMs, toMs, fate, note, words]) => [from, to, fromMs, toMs, fate, note, words]),
    [
      [0, 1, 10, 15, 'received', 'frame 1, 9 bytes', HOSTILE],
      [0, 1, 12, 16, 'received', 'frame 2, 9 bytes, duplicated', 'put'],
      [0, 1, 12, 17, 'dropped', 'frame 2, 9 bytes, duplicated, dropped loss at 17.0 ms', 'put'],
      [1, 0, 18, 60, 'open', 'frame 1, 9 bytes, still on its way', 'late'],
    ],
  )
  t.deepEqual(diagram.absences, [
    [1, 20, 25, 'paused'],
    [1, 25, 40, 'down'],
  ])
  t.deepEqual(
    diagram.troubles.map(([fromMs, toMs]) => [fromMs, toMs]),
    [
      [5, 35],
      [30, 35],
    ],
  )
  t.deepEqual(diagram.operations, [
    [2, 11, 30, 'ok', 'read -> 3', 1, ''],
    [3, 12, 60, 'info', `write k ${HOSTILE}`, 0, ''],
  ])
  t.deepEqual(
    diagram.nemesis.map(([, words]) => words),
    [`partition n1 | n2 ${HOSTILE}`, 'crash n2', 'cut n1 n2', 'heal'],
  )
  t.is(diagram.marks.length, 5)
})

test('the page is one file that asks nobody for anything, and nothing in a run can break out of it', (t) => {
  const page = spaceTime(run)

  t.regex(page, /default-src 'none'/)
  t.notRegex(page.replace(/<script id="data".*?<\/script>/s, ''), /https?:|<link|@import|url\(/)
  t.is(page.match(/<script/g)!.length, 2)
  t.is(page.match(/<\/script>/g)!.length, 2)
  t.false(page.includes('<img'))
})

test('its script draws, searches, jumps and says what is under the pointer, and writes text only', (t) => {
  const browser = new Browser(spaceTime(run))
  new Script(SPACE_TIME_SCRIPT).runInContext(browser.context)
  browser.settle()

  for (const text of ['n1', 'c10', 'late', 'read -> 3', 'crash n2', 'crashed']) t.true(browser.drawn.has(text), text)
  t.is(browser.element('nemesis').children.length, 4)
  t.is(browser.element('conflict').children.length, 1)

  browser.element('search').value = 'put'
  browser.element('search').oninput!({})
  t.is(browser.element('count').textContent, '2 found')
  browser.document.onkeydown!({ target: browser.element('search'), key: 'Enter' })
  browser.settle()
  t.regex(browser.element('details').textContent, /^n1 → n2: put\nframe 2/)

  browser.element('nemesis').children[1]!.children[0]!.onclick!({})
  browser.settle()
  t.regex(browser.element('details').textContent, /^nemesis: crash n2\n25.0 ms/)
  for (const key of ['+', '-', '0', 'v', 'ArrowDown', 'End', 'n'])
    browser.document.onkeydown!({ target: browser.element('canvas'), key, preventDefault: () => {} })
  for (let y = 30; y < 800; y += 7) {
    for (let x = 85; x < 990; x += 45) browser.element('canvas').onpointermove!({ clientX: x, clientY: y })
  }
  browser.settle()
  t.not(browser.element('tip').textContent, '')
})

function read(page: string): Diagram {
  return JSON.parse(/<script id="data" type="application\/json">(.*?)<\/script>/s.exec(page)![1]!) as Diagram
}

type Listener = (event: object) => void

/** As much of an element as the script uses; setting HTML is not among it. */
class Element {
  textContent = ''
  value = ''
  className = ''
  tagName = 'DIV'
  children: Element[] = []
  offsetWidth = 50
  offsetHeight = 20
  width = 0
  height = 0
  onclick: Listener | null = null
  oninput: Listener | null = null
  onpointermove: Listener | null = null
  readonly style: Record<string, string> = {}
  readonly dataset: Record<string, string> = {}
  readonly classList = { add: () => {}, remove: () => {} }
  readonly #context: object
  readonly #parent: Element | null

  constructor(context: object, parent: Element | null = null) {
    this.#context = context
    this.#parent = parent
  }

  get parentElement(): Element | null {
    return this.#parent
  }

  getContext(): object {
    return this.#context
  }

  getBoundingClientRect(): object {
    return { left: 0, top: 0, width: 1_000, height: 800 }
  }

  append(...nodes: readonly (Element | string)[]): void {
    for (const node of nodes) {
      if (typeof node === 'string') this.textContent += node
      else this.children.push(node)
    }
  }

  replaceChildren(...nodes: readonly Element[]): void {
    this.children = [...nodes]
  }

  set innerHTML(html: string) {
    throw new Error(`HTML: ${html}`)
  }

  focus(): void {}
  setPointerCapture(): void {}
}

/** A browser, as far as the script can tell. */
class Browser {
  readonly drawn = new Set<string>()
  readonly context: object
  readonly document: { onkeydown: Listener | null; [name: string]: unknown }
  readonly #elements = new Map<string, Element>()
  readonly #frames: (() => void)[] = []
  readonly #canvas: object

  constructor(page: string) {
    const draw = (text: string): void => void this.drawn.add(text)
    const known = new Map<string, unknown>([
      ['fillText', draw],
      ['globalAlpha', 1],
    ])
    this.#canvas = new Proxy({}, { get: (_, name) => known.get(String(name)) ?? (() => {}), set: () => true })
    const media = { matches: false, onchange: null }
    const create = (): Element => new Element(this.#canvas)
    this.document = {
      onkeydown: null,
      documentElement: create(),
      getElementById: (id: string) => this.element(id),
      createElement: create,
    }
    this.element('data').textContent = /<script id="data" type="application\/json">(.*?)<\/script>/s.exec(page)![1]!
    this.context = createContext({
      document: this.document,
      window: { devicePixelRatio: 2 },
      matchMedia: () => media,
      getComputedStyle: () => ({ getPropertyValue: () => ' #123456' }),
      requestAnimationFrame: (frame: () => void) => this.#frames.push(frame),
      ResizeObserver: class {
        observe(): void {}
      },
    })
  }

  element(id: string): Element {
    const found =
      this.#elements.get(id) ?? new Element(this.#canvas, id === 'canvas' ? new Element(this.#canvas) : null)
    this.#elements.set(id, found)
    return found
  }

  /** Draws what is to be drawn. */
  settle(): void {
    for (let frame = this.#frames.shift(); frame !== undefined; frame = this.#frames.shift()) frame()
  }
}

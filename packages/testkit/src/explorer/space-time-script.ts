import { SPACE_TIME_DRAWING } from './space-time-drawing.ts'

/**
 * What a space-time diagram does in a browser, as the text of its script. It draws what is in view onto a canvas, so
 * tens of thousands of messages are no matter; texts reach the page as text only, never as HTML.
 */
export const SPACE_TIME_SCRIPT: string = String.raw`
'use strict'
const data = JSON.parse(document.getElementById('data').textContent)
const $ = (id) => document.getElementById(id)
const canvas = $('canvas')
const g = canvas.getContext('2d')
const HEAD = 30, AXIS = 84, MIN_LANE = 110

// Everything that can be found, pointed at and jumped to, by time.
const things = []
const add = (kind, fromMs, toMs, text, more) => things.push({ kind, fromMs, toMs, text, ...more })
for (const [from, to, fromMs, toMs, fate, note, words] of data.messages)
  add('message', fromMs, toMs, words, { from, to, fate, note, odd: /duplicated|corrupted/.test(note) })
for (const [lane, fromMs, toMs, outcome, words, conflict, reason] of data.operations)
  add('operation', fromMs, toMs, words, { lane, outcome, reason, conflict: conflict === 1, slot: 0 })
for (const [lane, atMs, kind, words] of data.marks) add('mark', atMs, atMs, words, { lane, mark: kind })
for (const [atMs, words] of data.nemesis) add('nemesis', atMs, atMs, words, {})
for (const [atMs, words] of data.violations) add('violation', atMs, atMs, words, {})
for (const [fromMs, toMs, words] of data.troubles) add('trouble', fromMs, toMs, words, {})
for (const [lane, fromMs, toMs, state] of data.absences) add('absence', fromMs, toMs, state, { lane })
things.sort((a, b) => a.fromMs - b.fromMs)
const of = (kind) => things.filter((thing) => thing.kind === kind)
const messages = of('message'), operations = of('operation'), marks = of('mark'), nemesis = of('nemesis')
const violations = of('violation'), troubles = of('trouble'), absences = of('absence')
const conflicts = operations.filter((operation) => operation.conflict)

// Operations of one lane that overlap stand side by side.
const busy = data.lanes.map(() => [])
for (const operation of operations) {
  const slots = busy[operation.lane]
  let slot = slots.findIndex((until) => until <= operation.fromMs)
  if (slot === -1) slot = slots.length
  slots[slot] = operation.toMs
  operation.slot = slot
}

let topMs = 0, scale = 1, left = 0, width = 0, height = 0, query = '', matches = [], at = -1
let hovered = null, selected = null, colours = {}, isDirty = false

const laneWidth = () => Math.max(MIN_LANE, (width - AXIS) / data.lanes.length)
const x = (lane) => AXIS + (lane + 0.5) * laneWidth() - left
const y = (ms) => HEAD + (ms - topMs) * scale
const ms = (py) => topMs + (py - HEAD) / scale
const inView = (thing) => y(thing.toMs) >= HEAD - 20 && y(thing.fromMs) <= height + 20
const numbers = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 3 })
const time = (value) => numbers.format(value) + ' ms'
const found = new Set()
const matched = (thing) => found.has(thing)
/** What a search looks at. */
const words = (thing) =>
  [thing.kind, thing.text, thing.note, thing.outcome, thing.reason, data.lanes[thing.lane], data.lanes[thing.from], data.lanes[thing.to]]
    .filter(Boolean).join(' ').toLowerCase()

function describe(thing) {
  const span = thing.toMs > thing.fromMs ? time(thing.fromMs) + ' to ' + time(thing.toMs) : time(thing.fromMs)
  const lane = thing.lane === undefined ? '' : data.lanes[thing.lane] + ': '
  if (thing.kind === 'message')
    return data.lanes[thing.from] + ' → ' + data.lanes[thing.to] + ': ' + (thing.text || 'message') + '\n' + thing.note + '\n' + span
  if (thing.kind === 'operation')
    return lane + thing.text + '\n' + thing.outcome + (thing.reason ? ': ' + thing.reason : '') + (thing.conflict ? ', of the conflict' : '') + '\n' + span
  if (thing.kind === 'mark' || thing.kind === 'absence') return lane + thing.text + '\n' + span
  return thing.kind + ': ' + thing.text + '\n' + span
}

function readColours() {
  const style = getComputedStyle(document.documentElement)
  const names = 'back panel text faint line lane message drop odd down paused ok fail info conflict trouble hit'
  colours = Object.fromEntries(names.split(' ').map((name) => [name, style.getPropertyValue('--' + name).trim()]))
  redraw()
}

function redraw() {
  if (isDirty) return
  isDirty = true
  requestAnimationFrame(() => {
    isDirty = false
    draw()
  })
}

function resize() {
  const box = canvas.parentElement.getBoundingClientRect()
  const isFirst = width === 0
  width = box.width
  height = box.height
  const ratio = window.devicePixelRatio || 1
  canvas.width = Math.round(width * ratio)
  canvas.height = Math.round(height * ratio)
  g.setTransform(ratio, 0, 0, ratio, 0, 0)
  if (isFirst) begin()
  redraw()
}

/** The conflict if there is one, else what was before the violation, else all. */
function begin() {
  if (conflicts.length > 0) show(Math.min(...conflicts.map((c) => c.fromMs)), Math.max(...conflicts.map((c) => c.toMs)))
  else if (violations.length > 0) show(Math.max(0, violations[0].fromMs - 1000), violations[0].fromMs + 50)
  else show(0, data.endMs)
}

function show(fromMs, toMs) {
  const margin = Math.max((toMs - fromMs) * 0.08, 1)
  scale = (height - HEAD) / (toMs - fromMs + 2 * margin)
  topMs = fromMs - margin
  clamp()
}

function clamp() {
  const least = (height - HEAD) / (data.endMs * 1.1 + 10)
  scale = Math.min(Math.max(scale, least), 2000)
  const span = (height - HEAD) / scale
  topMs = Math.min(Math.max(topMs, -span * 0.5), data.endMs - span * 0.5)
  left = Math.min(Math.max(left, 0), Math.max(0, laneWidth() * data.lanes.length + AXIS - width))
  redraw()
}

function zoom(factor, py) {
  const fixed = ms(py)
  scale *= factor
  clamp()
  topMs = fixed - (py - HEAD) / scale
  clamp()
}

function jump(thing) {
  selected = thing
  const span = (height - HEAD) / scale
  topMs = (thing.toMs - thing.fromMs < span ? (thing.fromMs + thing.toMs) / 2 : thing.fromMs) - span / 2
  const lane = thing.lane === undefined ? thing.from : thing.lane
  if (lane !== undefined && (x(lane) < AXIS || x(lane) > width)) left += x(lane) - width / 2
  $('details').textContent = describe(thing)
  clamp()
}

${SPACE_TIME_DRAWING}

/** What is nearest to a point: things on lanes before arrows, arrows before lines across. */
function thingAt(px, py) {
  if (py < HEAD) return null
  let best = null, least = 7
  const offer = (thing, distance) => {
    if (distance >= least) return
    best = thing
    least = distance
  }
  for (const mark of marks) if (inView(mark)) offer(mark, Math.hypot(px - x(mark.lane), py - y(mark.fromMs)))
  for (const operation of operations) {
    const [ox, oy, w, h] = barOf(operation)
    offer(operation, Math.hypot(Math.max(ox - px, 0, px - ox - w), Math.max(oy - py, 0, py - oy - h)))
  }
  if (best !== null) return best
  for (const message of messages) if (inView(message)) offer(message, distanceTo(lineOf(message), px, py))
  if (best !== null) return best
  for (const rule of nemesis.concat(violations)) offer(rule, Math.abs(py - y(rule.fromMs)) + 2)
  for (const absence of absences)
    if (Math.abs(px - x(absence.lane)) < 8 && py > y(absence.fromMs) && py < y(absence.toMs)) offer(absence, 5)
  if (best !== null) return best
  return troubles.find((trouble) => py > y(trouble.fromMs) && py < y(trouble.toMs) && px < AXIS) || null
}

function distanceTo([x1, y1, x2, y2], px, py) {
  const dx = x2 - x1, dy = y2 - y1, length = dx * dx + dy * dy
  const part = length === 0 ? 0 : Math.min(1, Math.max(0, ((px - x1) * dx + (py - y1) * dy) / length))
  return Math.hypot(px - x1 - part * dx, py - y1 - part * dy)
}

function find(text) {
  query = text.trim().toLowerCase()
  matches = query === '' ? [] : things.filter((thing) => words(thing).includes(query))
  found.clear()
  for (const thing of matches) found.add(thing)
  at = -1
  $('count').textContent = query === '' ? '' : matches.length + ' found'
  redraw()
}

function step(by) {
  if (matches.length === 0) return
  at = (at + by + matches.length) % matches.length
  $('count').textContent = at + 1 + ' of ' + matches.length
  jump(matches[at])
}

function list(id, entries) {
  const kinds = { violation: 'violation', operation: 'conflict' }
  $(id).replaceChildren(...entries.map((thing) => {
    const item = document.createElement('li'), button = document.createElement('button'), when = document.createElement('time')
    when.textContent = time(thing.fromMs)
    button.className = kinds[thing.kind] || ''
    button.append(when, thing.lane === undefined ? thing.text : data.lanes[thing.lane] + ' ' + thing.text)
    button.onclick = () => jump(thing)
    item.append(button)
    return item
  }))
}

function point(event) {
  const box = canvas.getBoundingClientRect()
  return [event.clientX - box.left, event.clientY - box.top]
}

let drag = null
canvas.onpointerdown = (event) => {
  drag = { from: point(event), topMs, left, hasMoved: false }
  canvas.setPointerCapture(event.pointerId)
}
canvas.onpointermove = (event) => {
  const [px, py] = point(event)
  if (drag !== null) {
    const [dx, dy] = [px - drag.from[0], py - drag.from[1]]
    if (Math.hypot(dx, dy) > 3) drag.hasMoved = true
    if (!drag.hasMoved) return
    canvas.classList.add('dragging')
    topMs = drag.topMs - dy / scale
    left = drag.left - dx
    clamp()
    return
  }
  hovered = thingAt(px, py)
  const tip = $('tip')
  tip.style.display = hovered === null ? 'none' : 'block'
  if (hovered !== null) {
    tip.textContent = describe(hovered)
    tip.style.left = Math.min(px + 14, width - tip.offsetWidth - 8) + 'px'
    tip.style.top = Math.min(py + 14, height - tip.offsetHeight - 8) + 'px'
  }
  redraw()
}
canvas.onpointerup = (event) => {
  if (drag !== null && !drag.hasMoved) {
    selected = thingAt(...point(event))
    $('details').textContent = selected === null ? '' : describe(selected)
    redraw()
  }
  drag = null
  canvas.classList.remove('dragging')
}
canvas.onpointerleave = () => {
  hovered = null
  $('tip').style.display = 'none'
  redraw()
}
canvas.onwheel = (event) => {
  event.preventDefault()
  if (event.ctrlKey || event.metaKey) zoom(Math.exp(-event.deltaY * 0.005), point(event)[1])
  else {
    topMs += event.deltaY / scale
    left += event.deltaX
    clamp()
  }
}
canvas.ondblclick = (event) => zoom(event.shiftKey ? 0.5 : 2, point(event)[1])
document.onkeydown = (event) => {
  if (event.target === $('search')) {
    if (event.key === 'Enter') step(event.shiftKey ? -1 : 1)
    if (event.key === 'Escape') {
      $('search').value = ''
      find('')
      canvas.focus()
    }
    return
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === 'BUTTON') return
  const page = (height - HEAD) / scale
  const keys = {
    '+': () => zoom(1.5, height / 2), '=': () => zoom(1.5, height / 2), '-': () => zoom(1 / 1.5, height / 2),
    0: () => show(0, data.endMs), v: begin, n: () => step(1), N: () => step(-1), '/': () => $('search').focus(),
    ArrowDown: () => (topMs += page / 10), ArrowUp: () => (topMs -= page / 10),
    ArrowRight: () => (left += 60), ArrowLeft: () => (left -= 60),
    PageDown: () => (topMs += page * 0.9), PageUp: () => (topMs -= page * 0.9),
    Home: () => (topMs = 0), End: () => (topMs = data.endMs - page * 0.9),
  }
  if (!Object.hasOwn(keys, event.key)) return
  event.preventDefault()
  keys[event.key]()
  clamp()
}
$('search').oninput = () => find($('search').value)
$('in').onclick = () => zoom(1.5, height / 2)
$('out').onclick = () => zoom(1 / 1.5, height / 2)
$('fit').onclick = () => show(0, data.endMs)
$('start').onclick = begin
$('theme').onclick = () => {
  const root = document.documentElement
  const isDark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches
  root.dataset.theme = isDark ? 'light' : 'dark'
  readColours()
}
matchMedia('(prefers-color-scheme: dark)').onchange = readColours
list('violations', violations)
list('conflict', conflicts)
list('nemesis', nemesis)
for (const id of ['violations', 'conflict', 'nemesis'])
  if ($(id).children.length === 0) $(id).textContent = 'none'
new ResizeObserver(resize).observe(canvas.parentElement)
resize()
readColours()
`

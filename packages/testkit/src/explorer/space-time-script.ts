/**
 * What a space-time diagram does in a browser, as the text of its script. It draws what is in view onto a canvas, so
 * tens of thousands of messages are no matter; texts reach the page as text only, never as HTML.
 */
export const SPACE_TIME_SCRIPT = String.raw`
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

function draw() {
  g.clearRect(0, 0, width, height)
  g.fillStyle = colours.back
  g.fillRect(0, 0, width, height)
  g.font = '11px system-ui, sans-serif'
  g.textBaseline = 'middle'
  drawTroubles()
  drawGrid()
  drawLanes()
  drawMessages()
  drawOperations()
  drawMarks()
  drawRules(nemesis, colours.trouble)
  drawRules(violations, colours.drop)
  drawHeads()
  for (const thing of new Set([selected, hovered])) if (thing !== null && inView(thing)) highlight(thing)
}

function drawTroubles() {
  for (const trouble of troubles) {
    if (!inView(trouble)) continue
    const from = Math.max(y(trouble.fromMs), HEAD)
    g.globalAlpha = 0.06
    g.fillStyle = colours.trouble
    g.fillRect(AXIS, from, width - AXIS, Math.min(y(trouble.toMs), height) - from)
    g.globalAlpha = 1
  }
}

function drawGrid() {
  const least = 60 / scale
  const power = Math.pow(10, Math.floor(Math.log10(least)))
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= least)
  g.strokeStyle = colours.line
  g.fillStyle = colours.faint
  g.textAlign = 'right'
  g.lineWidth = 1
  for (let n = Math.max(0, Math.ceil(topMs / step)); y(n * step) < height; n++) {
    const py = Math.round(y(n * step)) + 0.5
    g.beginPath()
    g.moveTo(AXIS, py)
    g.lineTo(width, py)
    g.stroke()
    g.fillText((n * step).toLocaleString('en', { maximumFractionDigits: 3 }), AXIS - 8, py)
  }
}

function drawLanes() {
  for (let lane = 0; lane < data.lanes.length; lane++) {
    segment(x(lane), Math.max(HEAD, y(0)), x(lane), Math.min(height, y(data.endMs)), colours.lane, lane < data.nodeCount ? 2 : 1)
  }
  for (const absence of absences) {
    if (!inView(absence)) continue
    const from = Math.max(HEAD, y(absence.fromMs)), to = Math.min(height, y(absence.toMs))
    const colour = absence.text === 'down' ? colours.down : colours.paused
    g.fillStyle = colours.back
    g.fillRect(x(absence.lane) - 3, from, 6, to - from)
    g.globalAlpha = 0.18
    g.fillStyle = colour
    g.fillRect(x(absence.lane) - 7, from, 14, to - from)
    g.globalAlpha = 1
    g.setLineDash(absence.text === 'down' ? [2, 6] : [6, 4])
    segment(x(absence.lane), from, x(absence.lane), to, colour, 1.5)
    g.setLineDash([])
    g.textAlign = 'left'
    if (to - from > 24) label(absence.text, x(absence.lane) + 10, (from + to) / 2, colour)
  }
}

function drawMessages() {
  const seen = messages.filter(inView)
  const groups = new Map()
  for (const message of seen) {
    const colour = colourOf(message)
    if (!groups.has(colour)) groups.set(colour, [])
    groups.get(colour).push(message)
  }
  g.lineWidth = 1
  for (const [colour, group] of groups) {
    g.strokeStyle = colour
    g.globalAlpha = seen.length > 3000 ? 0.35 : seen.length > 600 ? 0.6 : 0.9
    for (const isLost of [false, true]) {
      g.setLineDash(isLost ? [4, 3] : [])
      g.beginPath()
      for (const message of group) {
        if ((message.fate !== 'received') !== isLost) continue
        const [x1, y1, x2, y2] = lineOf(message)
        g.moveTo(x1, y1)
        g.lineTo(x2, y2)
      }
      g.stroke()
    }
    g.setLineDash([])
    if (seen.length < 1500) for (const message of group) tip(message, colour)
  }
  g.globalAlpha = 1
  labels(seen)
}

function colourOf(message) {
  if (query !== '') return matched(message) ? colours.hit : colours.line
  return message.fate === 'dropped' ? colours.drop : message.odd ? colours.odd : message.fate === 'open' ? colours.faint : colours.message
}

/** A lost message ends half way, so that it does not look arrived. */
function lineOf(message) {
  const x1 = x(message.from), y1 = y(message.fromMs), part = message.fate === 'received' ? 1 : 0.6
  const y2 = y(message.fate === 'open' ? Math.min(message.toMs, message.fromMs + 40 / scale) : message.toMs)
  return [x1, y1, x1 + (x(message.to) - x1) * part, y2]
}

function tip(message, colour) {
  const [x1, y1, x2, y2] = lineOf(message)
  const angle = Math.atan2(y2 - y1, x2 - x1)
  g.beginPath()
  if (message.fate === 'dropped') {
    g.moveTo(x2 - 4, y2 - 4)
    g.lineTo(x2 + 4, y2 + 4)
    g.moveTo(x2 + 4, y2 - 4)
    g.lineTo(x2 - 4, y2 + 4)
    g.stroke()
    return
  }
  g.fillStyle = colour
  g.moveTo(x2, y2)
  g.lineTo(x2 - 7 * Math.cos(angle - 0.4), y2 - 7 * Math.sin(angle - 0.4))
  g.lineTo(x2 - 7 * Math.cos(angle + 0.4), y2 - 7 * Math.sin(angle + 0.4))
  g.fill()
}

/** Names stand on their arrows, where no other name stands yet. */
function labels(seen) {
  if (seen.length > 400) return
  const taken = []
  for (const message of seen) {
    if (message.text === '' || (query !== '' && !matched(message))) continue
    const [x1, y1, x2, y2] = lineOf(message)
    // Nearer to the sender: names of the two directions then seldom meet.
    const px = x1 + (x2 - x1) * 0.35, py = y1 + (y2 - y1) * 0.35 - 6
    const room = Math.max(60, Math.abs(x2 - x1) * 0.6)
    const half = Math.min(room, message.text.length * 5.6) / 2
    if (taken.some(([tx, ty, th]) => Math.abs(ty - py) < 12 && Math.abs(tx - px) < th + half)) continue
    taken.push([px, py, half])
    g.textAlign = 'center'
    label(cut(message.text, room), px, py, colours.text, true)
  }
}

function cut(text, room) {
  const length = Math.floor(room / 5.6)
  return text.length > length ? text.slice(0, Math.max(1, length - 1)) + '…' : text
}

function drawOperations() {
  for (const operation of operations) {
    if (!inView(operation)) continue
    const [px, py, w, h] = barOf(operation)
    g.globalAlpha = query !== '' && !matched(operation) ? 0.2 : 0.85
    g.fillStyle = operation.conflict ? colours.conflict : colours[operation.outcome]
    if (operation.outcome === 'info') {
      g.fillRect(px, py, w, Math.min(h, 10))
      g.globalAlpha *= 0.35
    }
    g.fillRect(px, py, w, h)
    g.globalAlpha = 1
    if (operation.conflict) {
      g.strokeStyle = colours.conflict
      g.lineWidth = 2
      g.strokeRect(px - 2.5, py - 2.5, w + 5, h + 5)
    }
    g.textAlign = 'left'
    const hasRoom = h > 12 || operation.conflict || scale > 1
    if (hasRoom && operation.slot < 3)
      label(cut(operation.text, laneWidth() - 24), px + w + 4, Math.max(py + 6, HEAD + 8), operation.conflict ? colours.conflict : colours.text, true)
  }
}

function barOf(operation) {
  const from = y(operation.fromMs), to = y(operation.toMs)
  return [x(operation.lane) + 4 + operation.slot * 10, from, 7, Math.max(to - from, 3)]
}

function drawMarks() {
  const seen = marks.filter(inView)
  for (const mark of seen) {
    const isLife = /crashed|started|wiped|paused|resumed/.test(mark.mark)
    g.fillStyle = query !== '' ? (matched(mark) ? colours.hit : colours.line) : isLife ? colours.text : colours.faint
    g.beginPath()
    g.arc(x(mark.lane), y(mark.fromMs), isLife ? 4 : 2.5, 0, 7)
    g.fill()
    g.textAlign = 'right'
    if (isLife && seen.length < 200) label(mark.mark, x(mark.lane) - 8, y(mark.fromMs), colours.text, true)
  }
}

function drawRules(rules, colour) {
  const seen = rules.filter(inView)
  let last = -Infinity
  for (const rule of seen) {
    const py = Math.round(y(rule.fromMs)) + 0.5
    if (py < HEAD) continue
    g.setLineDash(rule.kind === 'violation' ? [] : [6, 3])
    segment(AXIS, py, width, py, query !== '' && !matched(rule) ? colours.line : colour, rule.kind === 'violation' ? 2 : 1)
    g.setLineDash([])
    if (py - last < 13) continue
    last = py
    g.textAlign = 'left'
    // A run ends at its violation: below the line nothing is in the way.
    label(cut(rule.text, width * 0.7), AXIS + 4, rule.kind === 'violation' ? py + 9 : py - 8, colour, true)
  }
}

function drawHeads() {
  g.fillStyle = colours.panel
  g.fillRect(0, 0, width, HEAD)
  g.font = 'bold 12px system-ui, sans-serif'
  g.textAlign = 'center'
  for (let lane = 0; lane < data.lanes.length; lane++) if (x(lane) > AXIS / 2) {
    g.fillStyle = lane < data.nodeCount ? colours.text : colours.faint
    g.fillText(cut(data.lanes[lane], laneWidth()), x(lane), HEAD / 2)
  }
  g.textAlign = 'right'
  g.fillStyle = colours.faint
  g.font = '11px system-ui, sans-serif'
  g.fillText('ms', AXIS - 8, HEAD / 2)
}

function highlight(thing) {
  g.strokeStyle = colours.hit
  g.lineWidth = 3
  if (thing.kind === 'message') {
    const [x1, y1, x2, y2] = lineOf(thing)
    segment(x1, y1, x2, y2, colours.hit, 3)
    tip(thing, colours.hit)
  } else if (thing.kind === 'operation') {
    const [px, py, w, h] = barOf(thing)
    g.strokeRect(px - 3, py - 3, w + 6, h + 6)
  } else if (thing.lane !== undefined) {
    const from = y(thing.fromMs)
    g.strokeRect(x(thing.lane) - 8, from - 5, 16, Math.max(10, y(thing.toMs) - from + 10))
  } else segment(AXIS, y(thing.fromMs), width, y(thing.fromMs), colours.hit, 3)
}

function segment(x1, y1, x2, y2, colour, size) {
  if (y2 < y1) return
  g.strokeStyle = colour
  g.lineWidth = size
  g.beginPath()
  g.moveTo(x1, y1)
  g.lineTo(x2, y2)
  g.stroke()
}

function label(text, px, py, colour, hasHalo) {
  if (py < HEAD + 4) return
  if (hasHalo) {
    g.lineWidth = 3
    g.lineJoin = 'round'
    g.strokeStyle = colours.back
    g.strokeText(text, px, py)
  }
  g.fillStyle = colour
  g.fillText(text, px, py)
}

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

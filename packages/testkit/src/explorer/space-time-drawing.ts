/** How the script of a space-time diagram draws: its functions, as text. They share the names of that script. */
export const SPACE_TIME_DRAWING: string = String.raw`function draw() {
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
}`

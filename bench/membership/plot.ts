/** One curve of a plot: a value for each place on the axis below. */
export interface Curve {
  readonly name: string
  readonly values: readonly number[]
}

const WIDTH = 360
const HEIGHT = 220
const LEFT = 48
const TOP = 30
const BOTTOM = 170
const COLOURS = ['#1f6feb', '#bf3989', '#1a7f37', '#9a6700']

/** Plots beside each other as one SVG: members below, each place as far from the next, from 0 upwards. */
export function plots(
  members: readonly number[],
  charts: readonly { title: string; curves: readonly Curve[] }[],
): string {
  const parts = charts.map(({ title, curves }, i) => {
    return `<g transform="translate(${i * WIDTH} 0)">${chart(title, members, curves)}</g>`
  })
  const size = `width="${WIDTH * charts.length}" height="${HEIGHT}"`
  const font = 'font-family="sans-serif" font-size="11" fill="#444"'
  const ground = '<rect width="100%" height="100%" fill="#fff"/>'
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${font}>\n${ground}\n${parts.join('\n')}\n</svg>\n`
}

function chart(title: string, members: readonly number[], curves: readonly Curve[]): string {
  const most = roundUp(Math.max(...curves.flatMap(({ values }) => values)))
  const x = (i: number): number => LEFT + ((WIDTH - LEFT - 24) * i) / Math.max(1, members.length - 1)
  const y = (value: number): number => BOTTOM - ((BOTTOM - TOP) * value) / most
  const lines = [`<text x="${LEFT}" y="16" font-weight="bold">${title}</text>`]
  for (const value of [0, most / 2, most]) {
    lines.push(`<path d="M${LEFT} ${y(value)}H${WIDTH - 24}" stroke="#ddd"/>`)
    lines.push(`<text x="${LEFT - 6}" y="${y(value) + 4}" text-anchor="end">${value}</text>`)
  }
  for (const [i, count] of members.entries()) {
    lines.push(`<text x="${x(i)}" y="${BOTTOM + 16}" text-anchor="middle">${count}</text>`)
  }
  for (const [i, { name, values }] of curves.entries()) {
    const colour = COLOURS[i % COLOURS.length]!
    const points = values.map((value, at) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(' ')
    lines.push(`<polyline points="${points}" fill="none" stroke="${colour}" stroke-width="2"/>`)
    lines.push(`<text x="${LEFT + i * 100}" y="${HEIGHT - 12}" fill="${colour}">${name}</text>`)
  }
  return lines.join('\n')
}

/** To 1, 2 or 5 and zeros: half of it is a round number, too. */
function roundUp(value: number): number {
  for (let unit = 1; ; unit *= 10) {
    for (const step of [1, 2, 4, 6, 8]) if (step * unit >= value) return step * unit
  }
}

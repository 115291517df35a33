import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { ambient, cycles, directions, escapes, exclusive, extensions, wrapped } from './rules.ts'
import { type Source, scan } from './source-scan.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const sources = ['packages', 'examples', 'bench', 'sim', 'scripts'].flatMap(readSources)

test('the rules see the sources', (t) => {
  t.true(sources.some(({ path }) => path.startsWith('packages/core/src/')))
  t.true(sources.some(({ path }) => path === 'scripts/rules.test.ts'))
})

test('imports go one way: core below, transports and strategies on it, testkit on those', (t) => {
  clean(t, directions(sources))
})
test('no package imports in a circle, type imports included', (t) => {
  clean(t, cycles(sources))
})
test('time, chance, timers and files come through the runtime seam only', (t) => {
  clean(t, ambient(sources))
})
test('cbor-x stands behind one file of core, rxjs behind its entry rx, Node behind node-disk and node-cluster, ws behind transport-ws', (t) => {
  clean(t, wrapped(sources))
})
test('no code switches the type checker off', (t) => {
  clean(t, escapes(sources))
})
test('imports name the file that exists, .ts included', (t) => {
  clean(t, extensions(sources))
})
test('no test file runs a part of itself only', (t) => {
  clean(t, exclusive(sources))
})

test('all packages share one version', (t) => {
  const versions = readdirSync(join(root, 'packages'))
    .map((name) => join(root, 'packages', name, 'package.json'))
    .filter(existsSync)
    .map((file) => JSON.parse(readFileSync(file, 'utf8')) as { name: string; version: string })
    .map(({ name, version }) => ({ name, version }))

  t.true(versions.length > 0)
  t.deepEqual(
    versions.filter(({ version }) => version !== versions[0]!.version),
    [],
  )
})

test('the lockfile and the packages name no registry', (t) => {
  t.notRegex(readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8'), /https?:\/\/|tarball:/)
})

// Each rule shown to fail: a rule that cannot is no rule.

const sibling = sample('packages/core/src/a.ts', `import { x } from '@troupe/strategies'`)
const node = sample('packages/strategies/src/a.ts', `import { x } from 'node:fs'`)
const inner = sample('packages/strategies/src/b.ts', `import { x } from '@troupe/core/testing'`)
const away = sample('packages/testkit/src/a.ts', `import { x } from '../../core/src/a.ts'`)
const stranger = sample('packages/other/src/a.ts', `import { x } from '@troupe/core'`)
for (const source of [sibling, node, inner, away, stranger]) {
  test(`caught: ${source.path} with an import in the wrong direction`, (t) => {
    t.is(directions([source]).length, 1)
  })
}

test('allowed: what the directions allow', (t) => {
  clean(
    t,
    directions([
      sample('packages/core/src/a.ts', `import { x } from 'cbor-x'\nimport { y } from './b/c.ts'`),
      sample('packages/strategies/src/a.ts', `import { x } from '@troupe/core'`),
      sample('packages/strategies/src/a.test.ts', `import { x } from '@troupe/transport-memory'\nimport 'node:fs'`),
      sample('packages/strategies/src/caching/lmdb.ts', `import { x } from 'lmdb'\nimport 'node:fs'`),
      sample('packages/transport-ws/src/a.ts', `import { x } from 'ws'\nimport 'node:http'`),
      sample('packages/testkit/src/a.ts', `import { x } from '@troupe/strategies/balancing'`),
    ]),
  )
})

test('caught: a circle through a type import', (t) => {
  const problems = cycles([
    sample('packages/core/src/a.ts', `import type { B } from './x/b.ts'`),
    sample('packages/core/src/x/b.ts', `export { c } from '../c.ts'`),
    sample('packages/core/src/c.ts', `import { a } from './a.ts'`),
  ])

  t.is(problems.length, 1)
  t.regex(problems[0]!, /a\.ts -> .*b\.ts -> .*c\.ts -> .*a\.ts/)
})

const ambientSamples = [
  'Date.now()',
  'new Date()',
  'performance.now()',
  'globalThis.performance.now()',
  'Math.random()',
  'setTimeout(f, 1)',
  'globalThis.setInterval(f, 1)',
  'const later = setImmediate',
  'queueMicrotask(f)',
  'process.nextTick(f)',
  'crypto.randomUUID()',
  'AbortSignal.timeout(1)',
  'new WeakRef(a)',
  `import { nanoid } from 'nanoid'`,
  `import { readFileSync } from 'node:fs'`,
  `import { readFile } from 'node:fs/promises'`,
  `import { createHash } from 'node:crypto'`,
]
for (const text of ambientSamples) {
  test(`caught: ${text}`, (t) => {
    t.is(ambient([sample('packages/core/src/actor/a.ts', `\n${text}`)]).length, 1)
    t.regex(
      ambient([sample('packages/core/src/actor/a.ts', `\n${text}`)])[0]!,
      /^packages\/core\/src\/actor\/a\.ts:2: .+; .+/,
    )
    clean(t, ambient([sample('packages/core/src/runtime/a.ts', text), sample('packages/core/src/a.test.ts', text)]))
  })
}

test('allowed: the same words where they read nothing ambient', (t) => {
  const text = `clock.setTimeout(f)\nif (a instanceof Date) b.performance = a.Date\nlet c: Date\nthis.#crypto.x()`

  clean(t, ambient([sample('packages/core/src/actor/a.ts', text)]))
})

test('caught: a second user of cbor-x, and ws outside its transport', (t) => {
  const first = sample('packages/core/src/codec/cbor.ts', `import { encode } from 'cbor-x'`)

  clean(t, wrapped([first, sample('packages/transport-ws/src/a.ts', `import { WebSocket } from 'ws'`)]))
  t.is(
    wrapped([first, sample('packages/core/src/remoting/a.ts', `import { encode } from 'cbor-x/index-no-eval'`)]).length,
    1,
  )
  t.is(wrapped([sample('packages/core/src/a.ts', `import { WebSocket } from 'ws'`)]).length, 1)
})

test('caught: rxjs outside the entry rx of core, and core that would load it', (t) => {
  const rxjs = `import { Observable } from 'rxjs'`
  const operators = `import type { map } from 'rxjs/operators'`

  clean(
    t,
    wrapped([
      sample('packages/core/src/rx/a.ts', `${rxjs}\nimport '../index.ts'`),
      sample('packages/core/src/rx.ts', `export { a } from './rx/a.ts'`),
      sample('packages/transport-memory/src/a.test.ts', rxjs),
      sample('examples/a.ts', rxjs),
    ]),
  )
  for (const path of ['packages/core/src/system/a.ts', 'packages/core/src/rxjs.ts', 'packages/strategies/src/a.ts']) {
    t.is(wrapped([sample(path, rxjs)]).length, 1, path)
    t.is(wrapped([sample(path, operators)]).length, 1, path)
  }
  t.is(wrapped([sample('packages/core/src/index.ts', `export { a } from './rx.ts'`)]).length, 1)
  t.is(wrapped([sample('packages/core/src/system/a.ts', `import { a } from '../rx/a.ts'`)]).length, 1)
})

test('caught: what Node has outside of the entries of core for Node, and core that would load it', (t) => {
  const files = `import { open } from 'node:fs/promises'`

  clean(
    t,
    wrapped([
      sample('packages/core/src/runtime/node-disk.ts', files),
      sample('packages/core/src/node-disk.ts', `export { nodeDisk } from './runtime/node-disk.ts'`),
      sample('packages/core/src/runtime/node-disk.test.ts', `${files}\nimport { nodeDisk } from './node-disk.ts'`),
    ]),
  )
  clean(t, wrapped([sample('packages/core/src/node-cluster/dns.ts', `import { lookup } from 'node:dns'`)]))
  t.is(wrapped([sample('packages/core/src/index.ts', `export { dnsSeeds } from './node-cluster/dns.ts'`)]).length, 1)
  t.is(wrapped([sample('packages/core/src/runtime/real.ts', files)]).length, 1)
  t.is(wrapped([sample('packages/core/src/index.ts', `export { nodeDisk } from './node-disk.ts'`)]).length, 1)
  t.is(wrapped([sample('packages/core/src/runtime/real.ts', `import { nodeDisk } from './node-disk.ts'`)]).length, 1)
})

const [ignore, expected] = ['ignore', 'expect-error'].map((word) => `// @ts-${word}\na = 1`)
test('caught: escapes from the type checker', (t) => {
  t.is(escapes([sample('examples/a.ts', 'const a = b as any')]).length, 1)
  t.is(escapes([sample('examples/a.ts', ignore!)]).length, 1)
  t.is(escapes([sample('examples/a.test.ts', expected!)]).length, 1)
  clean(t, escapes([sample('packages/core/src/a.types.test.ts', expected!), sample('a.ts', 'let as, any')]))
})

test('caught: imports without .ts, and test.only', (t) => {
  t.is(extensions([sample('examples/a.ts', `import './b'`)]).length, 1)
  t.is(extensions([sample('examples/a.ts', `import './b.js'`)]).length, 1)
  t.is(exclusive([sample('examples/a.test.ts', `test.serial.only('x', f)`)]).length, 1)
})

function clean(t: ExecutionContext, problems: readonly string[]): void {
  if (problems.length > 0) t.fail(`\n${problems.join('\n')}`)
  else t.pass()
}

function sample(path: string, text: string): Source {
  return scan(path, text)
}

function readSources(folder: string): Source[] {
  const found: Source[] = []
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory() && !['node_modules', 'dist'].includes(entry.name)) found.push(...readSources(path))
    else if (entry.isFile() && entry.name.endsWith('.ts'))
      found.push(scan(path, readFileSync(join(root, path), 'utf8')))
  }
  return found
}

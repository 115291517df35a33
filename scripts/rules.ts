import { posix } from 'node:path'
import { lineAt, type Source } from './source-scan.ts'

/**
 * The rules of this repository that no linter knows. Each takes the sources and returns what breaks it, as
 * `file:line: what is wrong; the way out`. Why each exists stands in CONTRIBUTING.md.
 */

/**
 * What holds a simulation up, and so may touch what code in it must not: it takes turns of the host's event loop and
 * looks at its clock between those of the run, and it replaces whatever no seed decides by something that fails.
 */
const SIMULATOR: ReadonlySet<string> = new Set([
  'packages/testkit/src/simulation/ambient-trap.ts',
  'packages/testkit/src/simulation/host.ts',
])

/** What shares a file with other nodes by its path: a disk of the runtime belongs to one node alone. */
const NODE_FILES: ReadonlySet<string> = new Set([
  'packages/core/src/node-cluster/file-lease.ts',
  'packages/core/src/node-cluster/file-seeds.ts',
])

/** Entry points that tie a strategy to a real engine: they may do I/O, and import their engine and Node. */
const ADAPTERS: ReadonlySet<string> = new Set(['packages/strategies/src/caching/lmdb.ts'])

/** What a package may import besides its own files. Tests and contract suites may import anything. */
const DIRECTIONS: Record<string, { allowed: (specifier: string) => boolean; wayOut: string }> = {
  core: {
    allowed: (specifier) => !specifier.startsWith('@troupe/'),
    wayOut: 'core imports no sibling; define the contract in core and let the sibling implement it',
  },
  'transport-memory': {
    allowed: (specifier) => specifier === '@troupe/core',
    wayOut: 'this transport imports @troupe/core only',
  },
  'transport-ws': {
    allowed: (specifier) => specifier === '@troupe/core' || specifier === 'ws' || specifier.startsWith('node:'),
    wayOut: 'this transport imports @troupe/core, ws and node: only',
  },
  strategies: {
    allowed: (specifier) => specifier === '@troupe/core',
    wayOut:
      'strategies decide and do no I/O: import @troupe/core only, or make an adapter entry (ADAPTERS in scripts/rules.ts)',
  },
  testkit: {
    allowed: (specifier) => !specifier.startsWith('ws') && !specifier.startsWith('rxjs') && isTestkitSibling(specifier),
    wayOut: 'testkit imports @troupe/core, @troupe/transport-memory and @troupe/strategies',
  },
}

function isTestkitSibling(specifier: string): boolean {
  return !specifier.startsWith('@troupe/') || /^@troupe\/(core|transport-memory|strategies)(\/|$)/.test(specifier)
}

export function directions(sources: readonly Source[]): string[] {
  return each(sources, (source, report) => {
    const name = packageOf(source.path)
    if (name === undefined) return
    const direction = DIRECTIONS[name]
    for (const { specifier, line } of source.imports) {
      if (specifier.startsWith('.')) {
        const home = `packages/${name}/`
        const target = resolve(source, specifier)
        // What tests of several packages run with stands in scripts/, and is not published.
        const isTestTool = source.path.endsWith('.test.ts') && target.startsWith('scripts/')
        if (!target.startsWith(home) && !isTestTool)
          report(line, `${specifier} leaves ${home}; import the package by its name`)
      } else if (isTest(source.path)) {
        // anything
      } else if (ADAPTERS.has(source.path)) {
        if (specifier.startsWith('@troupe/') && specifier !== '@troupe/core')
          report(line, `an adapter imports ${specifier}; of ours it may import @troupe/core only`)
      } else if (direction === undefined)
        report(line, `packages/${name} has no line in DIRECTIONS; add one to scripts/rules.ts`)
      else if (!direction.allowed(specifier)) report(line, `${name} imports ${specifier}; ${direction.wayOut}`)
    }
  })
}

/** Circles of imports, type imports included: files in a circle can be understood only together. */
export function cycles(sources: readonly Source[]): string[] {
  const byPath = new Map(sources.map((source) => [source.path, source]))
  const done = new Set<string>()
  const stack: string[] = []
  const problems: string[] = []
  const visit = (path: string): void => {
    const at = stack.indexOf(path)
    if (at !== -1) {
      problems.push(
        `circle of imports: ${[...stack.slice(at), path].join(' -> ')}; move what both need to a third file`,
      )
      return
    }
    const source = byPath.get(path)
    if (source === undefined || done.has(path)) return
    stack.push(path)
    for (const { specifier } of source.imports) if (specifier.startsWith('.')) visit(resolve(source, specifier))
    stack.pop()
    done.add(path)
  }
  for (const path of byPath.keys()) visit(path)
  return problems
}

const GLOBAL = String.raw`(?:(?<![.\w$#])|(?<=\bglobalThis\.))`
const AMBIENT: readonly (readonly [name: RegExp, wayOut: string])[] = [
  [
    /(?<![.\w$#])(?:new\s+Date\b(?!\s*\(\s*[^)\s])|(?<!new\s+)Date\s*[.(])/g,
    'take the time from clock.now() or clock.wall()',
  ],
  [new RegExp(`${GLOBAL}performance\\s*\\.`, 'g'), 'take the time from clock.now()'],
  [/\bprocess\s*\.\s*hrtime\b/g, 'take the time from clock.now()'],
  [/\bMath\s*\.\s*random\b/g, 'draw from the injected random'],
  [new RegExp(`${GLOBAL}(?:crypto\\s*\\.|getRandomValues\\b)`, 'g'), 'draw from the injected random'],
  [
    new RegExp(`${GLOBAL}set(?:Timeout|Interval|Immediate)\\b`, 'g'),
    'use timers of the runtime, or context.after and context.every',
  ],
  [new RegExp(`${GLOBAL}queueMicrotask\\b`, 'g'), 'use defer of the runtime'],
  [/\bprocess\s*\.\s*nextTick\b/g, 'use defer of the runtime'],
  [/\bAbortSignal\s*\.\s*timeout\b/g, 'use timers of the runtime with an AbortController'],
  [
    new RegExp(`${GLOBAL}(?:WeakRef|FinalizationRegistry)\\b`, 'g'),
    'collection is not deterministic: end lifetimes by hand',
  ],
]
const AMBIENT_MODULES: readonly (readonly [specifier: RegExp, wayOut: string])[] = [
  [/^nanoid(\/|$)/, 'use ids of the runtime'],
  [/^(node:)?crypto$/, 'use random or ids of the runtime'],
  [/^(node:)?fs(\/|$)/, 'use disk of the runtime'],
  [/^(node:)?(timers|perf_hooks)(\/|$)/, 'use timers and clock of the runtime'],
]

/** Time, chance, timers and files reach the code through the runtime seam only: else no run could be replayed. */
export function ambient(sources: readonly Source[]): string[] {
  const free = (path: string): boolean =>
    packageOf(path) === undefined ||
    path.startsWith('packages/core/src/runtime/') ||
    path.startsWith('packages/transport-ws/') ||
    ADAPTERS.has(path) ||
    NODE_FILES.has(path) ||
    SIMULATOR.has(path) ||
    isTest(path)
  return each(sources, (source, report) => {
    if (free(source.path)) return
    for (const [name, wayOut] of AMBIENT) {
      for (const match of source.code.matchAll(name))
        report(lineAt(source.code, match.index), `${match[0].trim()} is ambient; ${wayOut}`)
    }
    for (const { specifier, line } of source.imports) {
      for (const [module, wayOut] of AMBIENT_MODULES)
        if (module.test(specifier)) report(line, `${specifier} is ambient; ${wayOut}`)
    }
  })
}

/**
 * cbor-x stands behind one file, ws behind one package, rxjs and what Node has behind entries of core: each can
 * be replaced in one place, and whoever imports core alone loads neither rxjs nor anything of Node.
 */
export function wrapped(sources: readonly Source[]): string[] {
  const owner = sources.find(
    (source) => source.path.startsWith('packages/core/src/codec/') && !isTest(source.path) && uses(source, 'cbor-x'),
  )
  return each(sources, (source, report) => {
    const name = packageOf(source.path)
    if (name === undefined) return
    for (const { specifier, line } of source.imports) {
      if (name === 'core' && !isTest(source.path)) {
        if (specifier.startsWith('node:') && source.path !== NODE_DISK && !isNodeCluster(source.path))
          report(
            line,
            `${specifier} in core belongs into ${NODE_DISK} or ${NODE_CLUSTER}; the rest of core runs in browsers too`,
          )
        const target = specifier.startsWith('.') ? resolve(source, specifier) : ''
        if (isNodeCluster(target) && !isNodeCluster(source.path))
          report(
            line,
            `${specifier} would load parts of Node with core; it is for those who import the entry node-cluster`,
          )
        if ((target === NODE_DISK || target === NODE_DISK_ENTRY) && source.path !== NODE_DISK_ENTRY)
          report(line, `${specifier} would load node:fs with core; it is for those who import the entry node-disk`)
      }
      if (isModule(specifier, 'cbor-x') && source !== owner)
        report(line, `cbor-x has one user, ${owner?.path ?? 'a file in packages/core/src/codec'}; go through it`)
      if (isModule(specifier, 'ws') && name !== 'transport-ws')
        report(line, 'ws is used by transport-ws only; take a transport')
      if (source.path.endsWith('.test.ts') || isRx(source.path)) continue
      if (isModule(specifier, 'rxjs'))
        report(line, `rxjs is used by ${RX} of core only; what others need of it belongs there`)
      if (specifier.startsWith('.') && isRx(resolve(source, specifier)))
        report(line, `${specifier} would load rxjs with core; let ${RX} import what it needs, not the other way`)
    }
  })
}

const RX = 'packages/core/src/rx'
const NODE_DISK = 'packages/core/src/runtime/node-disk.ts'
/** Seeds and a lease of the host: what they ask is outside of any run, as a transport over sockets is. */
const NODE_CLUSTER = 'packages/core/src/node-cluster'
const NODE_DISK_ENTRY = 'packages/core/src/node-disk.ts'

function isNodeCluster(path: string): boolean {
  return path === `${NODE_CLUSTER}.ts` || path.startsWith(`${NODE_CLUSTER}/`)
}

function isRx(path: string): boolean {
  return path === `${RX}.ts` || path.startsWith(`${RX}/`)
}

/** Ways around the type checker. The one allowed, `@ts-expect-error`, is what a must-fail type case is made of. */
export function escapes(sources: readonly Source[]): string[] {
  return each(sources, (source, report) => {
    for (const match of source.code.matchAll(/\bas\s+any\b|<any>/g)) {
      report(lineAt(source.code, match.index), `${match[0]} switches types off; use unknown and narrow it`)
    }
    for (const { text, line } of source.comments) {
      const found = /^(?:\/\/|\/\*)[\s*]*(@ts-(?:ignore|nocheck|expect-error))/.exec(text)?.[1]
      if (found === undefined || (found === '@ts-expect-error' && source.path.endsWith('.types.test.ts'))) continue
      report(line, `${found} hides an error; mend the type, or move a must-fail case to a .types.test.ts`)
    }
  })
}

/** Node runs the sources as they are, so an import names the file that exists. */
export function extensions(sources: readonly Source[]): string[] {
  return each(sources, (source, report) => {
    for (const { specifier, line } of source.imports) {
      if (specifier.startsWith('.') && !/\.(ts|mjs|json)$/.test(specifier))
        report(line, `${specifier} has no extension Node can run; write .ts`)
    }
  })
}

/** A forgotten `.only` would leave the file's other tests out without a word. */
export function exclusive(sources: readonly Source[]): string[] {
  return each(sources, (source, report) => {
    if (!source.path.endsWith('.test.ts')) return
    for (const match of source.code.matchAll(/\btest(?:\.\w+)*\.only\b/g)) {
      report(lineAt(source.code, match.index), 'test.only leaves the other tests out; remove it')
    }
  })
}

function each(
  sources: readonly Source[],
  rule: (source: Source, report: (line: number, problem: string) => void) => void,
): string[] {
  const problems: string[] = []
  for (const source of sources) rule(source, (line, problem) => problems.push(`${source.path}:${line}: ${problem}`))
  return problems
}

function packageOf(path: string): string | undefined {
  return /^packages\/([^/]+)\/src\//.exec(path)?.[1]
}

function isTest(path: string): boolean {
  return /\.(test|contract)\.ts$|\/src\/testing(\/|\.ts$)/.test(path)
}

function isModule(specifier: string, name: string): boolean {
  return specifier === name || specifier.startsWith(`${name}/`)
}

function uses(source: Source, name: string): boolean {
  return source.imports.some(({ specifier }) => isModule(specifier, name))
}

function resolve(source: Source, specifier: string): string {
  return posix.join(posix.dirname(source.path), specifier)
}

// Runs test files one after the other in a worker thread, each by an AVA runner of its own. It takes the place of
// lib/worker/base.js in AVA 7.0.0, which runs one, and says the same things to AVA's main thread.
//
// A file is done when its tests are and the thread has nothing left to do: timers and sockets left open keep it busy, so
// the file is told off for them as it is in a thread of its own. After a failure the thread ends, as its state is unknown.
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parentPort } from 'node:worker_threads'

const ava = join(dirname(fileURLToPath(import.meta.resolve('ava'))), '..', 'lib')
const require = createRequire(join(ava, 'worker', 'base.js'))
const load = (file) => import(pathToFileURL(join(ava, file)).href)
const [{ default: Runner }, { default: serializeError }, { default: lineNumberSelection }, chalk] = await Promise.all(
  ['runner.js', 'serialize-error.js', 'worker/line-numbers.js', 'chalk.js'].map(load),
)

const send = (event) => parentPort.postMessage({ ava: event })
const unhandled = new Map() // reasons by promise
const environment = { ...process.env }
let current = null // { file, runner, declared, finished, failed }
let prepared = false
let exitExpected = false

// What `import test from 'ava'` gives, in every file: the declaring functions of the file that is being loaded.
require('./state.cjs').refs.runnerChain = new Proxy(() => {}, {
  apply: (_, __, args) => current.runner.chain(...args),
  get: (_, key) => current.runner.chain[key],
})

process.exit = new Proxy(process.exit, {
  apply(exit, self, args) {
    if (!exitExpected) {
      const error = new Error('Unexpected process.exit()')
      Error.captureStackTrace(error, process.exit)
      send({ type: 'process-exit', stack: error.stack })
    }
    return Reflect.apply(exit, self, args)
  },
})
process.on('uncaughtException', (error) => giveUp('uncaught-exception', error))
process.on('unhandledRejection', (reason, promise) => unhandled.set(promise, reason))
process.on('rejectionHandled', (promise) => unhandled.delete(promise))
process.on('beforeExit', leave)

parentPort.on('message', (message) => {
  if (message === 'end') parentPort.close()
  else if (message.begin) void begin(message.begin)
  else if (message.ava?.type === 'peer-failed') current?.runner.interrupt()
})

async function begin(options) {
  const { file } = options
  current = { file, runner: new Runner({ ...options, checkSelectedByLineNumbers: selection(options) }) }
  Object.assign(current, { declared: false, finished: false, failed: false })
  const { runner } = current
  runner.on('accessed-snapshots', (filename) => send({ type: 'accessed-snapshots', filename }))
  runner.on('stateChange', (event) => {
    current.declared ||= event.type === 'declared-test'
    current.failed ||= event.type === 'test-failed' || event.type === 'hook-failed'
    send(event)
  })
  runner.on('error', (error) => giveUp('internal-error', error))
  runner.on('finish', () => finish(runner))
  try {
    // AVA's time limit is from one event to the next: what it takes to start is not held against the tests.
    send({ type: 'starting' })
    await prepare(options)
    send({ type: 'starting' })
    await import(pathToFileURL(file).href)
    // From here on only the tests keep the thread busy, so that it notices when one of them waits for nothing.
    parentPort.unref()
  } catch (error) {
    giveUp('uncaught-exception', error)
  }
}

function selection({ file, lineNumbers }) {
  try {
    return lineNumberSelection({ file, lineNumbers })
  } catch (error) {
    send({ type: 'line-number-selection-error', err: serializeError(error) })
    return () => false
  }
}

/** Once in each thread. */
async function prepare({ chalkOptions, require: modules }) {
  if (prepared) return
  prepared = true
  chalk.set(chalkOptions)
  if (chalkOptions.level > 0) {
    const { stdout, stderr } = process
    Object.assign(console, new console.Console({ stdout, stderr, colorMode: true }))
  }
  for (const [module] of modules) await import(pathToFileURL(module).href)
}

async function finish(runner) {
  try {
    const { touchedFiles } = await runner.saveSnapshotState()
    if (touchedFiles) send({ type: 'touched-files', files: touchedFiles })
  } catch (error) {
    giveUp('internal-error', error)
  }
  current.finished = true
}

/** Nothing is left to do. */
function leave() {
  if (current === null || (current.declared && !current.finished)) return
  if (unhandled.size > 0) {
    for (const reason of unhandled.values()) {
      send({ type: 'unhandled-rejection', err: serializeError(reason, { testFile: current.file }) })
    }
    quit()
  }
  if (current.failed) return
  current = null
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name]
  Object.assign(process.env, environment)
  parentPort.ref()
  parentPort.postMessage('idle')
}

function giveUp(type, error) {
  send({ type, err: serializeError(error, { testFile: current?.file }) })
  quit()
}

function quit() {
  exitExpected = true
  process.exit(1)
}

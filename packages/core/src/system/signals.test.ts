import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { bundlePrograms } from '../../../../scripts/bundle-programs.ts'

const CHILD = fileURLToPath(new URL('../testing/stopped-by-signal.ts', import.meta.url))
const programs = await bundlePrograms([CHILD])
const running = new Set<ChildProcess>()
test.after.always(() => {
  for (const child of running) child.kill('SIGKILL')
  programs.remove()
})

/** Starts a node whose handler is under way; what it says goes to `heard`. */
async function start(handlerMs: string) {
  const child = fork(programs.path(CHILD), [handlerMs], { execArgv: [] })
  running.add(child)
  const heard: string[] = []
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const hears = (what: string): Promise<void> =>
    new Promise((resolve, reject) => {
      child.on('message', (said) => said === what && resolve())
      void exited.then((status) => reject(new Error(`ended with ${status} before it said "${what}"`)))
    })
  child.on('message', (said) => heard.push(String(said)))
  await hears('handler began')
  return { child, heard, exited }
}

test('at SIGTERM a handler under way ends, clean-ups run, and the process ends with status 0', async (t) => {
  const { child, heard, exited } = await start('50')

  child.kill('SIGTERM')

  t.is(await exited, 0)
  t.deepEqual(heard, ['handler began', 'handler ended', 'clean-up ran', 'stopped'])
})

test('at SIGTERM a handler that hangs is killed at its limit, and the process ends with status 1', async (t) => {
  const { child, heard, exited } = await start('forever')

  child.kill('SIGTERM')

  t.is(await exited, 1)
  t.deepEqual(heard, ['handler began', 'actor-killed', 'stopped'])
})

test('a second signal ends the process at once, with status 1', async (t) => {
  const { child, heard, exited } = await start('forever')

  child.kill('SIGINT')
  child.kill('SIGTERM')

  t.is(await exited, 1)
  t.false(heard.includes('stopped'))
})

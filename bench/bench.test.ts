import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test from 'ava'

const run = promisify(execFile)
const script = fileURLToPath(new URL('../scripts/run.mjs', import.meta.url))
const main = fileURLToPath(new URL('./main.ts', import.meta.url))

test('a local tell of a synchronous handler makes no promise and no closure', async (t) => {
  const { stdout } = await run(process.execPath, [script, main, 'tell', '--json', '--rounds', '1', '--scale', '0.2'])

  const report = JSON.parse(stdout)
  t.true(report.promisesPerTell < 0.01, `${report.promisesPerTell} promises per tell`)
  // The smallest closure takes 32 bytes, the smallest object 12.
  t.true(report.bytesPerTell < 8, `${report.bytesPerTell} bytes per tell`)
  t.deepEqual(
    report.local.map(({ name }: { name: string }) => name),
    ['bare loop', 'tell', 'ask'],
  )
})

test('the time to hello world is measured beside that of an empty process', async (t) => {
  const { stdout } = await run(process.execPath, [script, main, 'hello', '--json', '--rounds', '1'])

  // How long it takes is for the bench to say: beside the other tests it would measure those.
  const { helloMs, emptyMs } = JSON.parse(stdout)
  t.true(helloMs > emptyMs && emptyMs > 0, stdout)
})

test('an unknown bench is answered with the names of those there are', async (t) => {
  const error = await t.throwsAsync(run(process.execPath, [script, main, 'nosuch']))

  t.regex(error.message, /NAME is tell or hello/)
})

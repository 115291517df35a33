import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { bundlePrograms } from '../scripts/bundle-programs.ts'
import { printed } from '../scripts/printed.ts'
import { isSlow } from '../scripts/slow-suite.ts'

const run = promisify(execFile)
const folder = dirname(fileURLToPath(import.meta.url))

/** Starts a process of its own, by the options this one has: so it needs one that runs TypeScript. */
const STARTS_PROCESSES = 'web-socket-pair'

/** Each example prints exactly this. */
const PRINTS: Readonly<Record<string, string>> = {
  hello: 'hello, the count is 42',
  supervision: `
  divider: starting
  tally: starting
100 / 4 = 25
100 / 0 = failed, handler
  divider: starting
  tally: starting
100 / 5 = 20
100 / 0 = failed, handler
  divider: starting
  tally: starting
100 / 8 = 12.5
100 / 0 = failed, handler
the third failure was one too many: /user/boss/divider: division by zero
100 / 10 = not-sent, stopped`,
  balancing: `
round-robin: abcabcabcabc
weighted: abcaabcaabca
random: 12 answers
least connections: abcabcaabcaa
hash: each key always to the same node: true
while b drains: 4 answers, none from b`,
  caching: `
memory: 100 gets at once, 1 load
memory: 4 loads after b, a, c, a, b
disk: first run finds undefined
disk: second run finds v
distributed: 2 + 2 + 2 entries, f is f`,
  replication: `
primary-backup: 70 left; The primary and one backup have it in memory.
synchronous: 70 left; Every replica of the view has it in memory.
asynchronous: 70 or 100 left; The primary has it in memory, nobody else need have it yet.
voting: red, with one replica of three gone
failover: used by first
failover: used by second
failover: the first one's late request is refused, STALE_EPOCH`,
  routing: `
Ada: greeter 2
Grace: greeter 1
Edsger: greeter 3
Ada: greeter 2
  greeter 1 learns "bonjour"
  greeter 2 learns "bonjour"
  greeter 3 learns "bonjour"
resized: Grace: greeter 1
  greeter 1 learns "hola"
  greeter 1 learns "ciao"
failed, handler; then NO_ROUTEES
Alan: greeter 5
Barbara: greeter 6
Tony: greeter 7`,
  sharding: `
hash: apple blue, banana green, cherry red, date red, elderberry green, fig blue, grape red
with one more shard these move, and only to it: cherry white
range: banana=1 cherry=2 date=3 elderberry=4
asked: red,green
column: { name: 'Ada', city: 'London' }`,
  observables: `
peers of a: none
peers of a: b
observed by 1
observed by 2
at 200 ms: 19 °C
at 300 ms: 20 °C
at 400 ms: 21 °C
at 500 ms: 22 °C
at 700 ms: calm at 22 °C
the thermometer has stopped
peers of a: none
b sees a go: left`,
  mailboxes: `
reject, then offer
  no room for 3: wait
  no room for 4: wait
  printed 1
  printed 1 2
  printed 1 2 3
  printed 1 2 3 4
drop-oldest
  lost: print 1, mailbox-full
  printed 2
  printed 2 3
priority
  cancelled
  printed 1
  printed 1 2
  printed 1 2 3
  kept for later: print 4`,
  waiting: `
1000 ms: tea is 3: asked before the prices were there
2600 ms: 1 row: asked meanwhile, did not wait
3500 ms: reloaded
3500 ms: tea is 4: waited for the reload`,
  deadlines: `
in time: one tea
too slow: unknown, timeout
late by 0 ms: order
late by 300 ms: take
asks itself: failed, self-ask
a circle: /user/b > /user/a
late by 0 ms: settle
late by 0 ms: settle
in a circle: unknown, timeout`,
  inspection: `
  tell sell: completed
  ask sell: completed
state: { sold: 2 }
/user/counter: suspended, 3 queued
  tell sell: completed
  tell sell: completed
  tell sell: completed
  ask sell: completed
failures 0, dead letters {}
before the stop: actors still work
the actors are gone
the till is closed with 700 cents`,
  cluster: `
away from a: true; with a newer fence: true
c can reach a consumer
confirmed: number 1, printed: read all about it, a page`,
  'web-socket-pair': `
hello world, from another process
the greeter is gone: stopped`,
}

for (const [name, expected] of Object.entries(PRINTS)) {
  test(`example ${name} prints what it promises`, async (t) => {
    const file = join(folder, `${name}.ts`)
    const text = name === STARTS_PROCESSES ? await ran(t, file) : await printed(file)

    // Whether a write that was not waited for is lost is for the machine to say.
    t.is(text.trimEnd().replace(/(?<=asynchronous: )(70|100)(?= left)/, '70 or 100'), expected.replace(/^\n/, ''))
  })
}

test('every small example is run here and is shorter than 60 lines', (t) => {
  const files = readdirSync(folder).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.startsWith('.'),
  )

  t.deepEqual(files.map((file) => file.slice(0, -3)).sort(), Object.keys(PRINTS).sort())
  for (const file of files) {
    const lines = readFileSync(join(folder, file), 'utf8').trimEnd().split('\n').length
    t.true(lines < 60, `${file} has ${lines} lines`)
  }
})

/** As a user runs it, or as plain JavaScript, which takes a sixth of the time. */
async function ran(t: ExecutionContext, file: string): Promise<string> {
  if (isSlow) return (await run(process.execPath, [join(folder, '..', 'scripts', 'run.mjs'), file])).stdout
  const programs = await bundlePrograms([file])
  t.teardown(() => programs.remove())
  return (await run(process.execPath, [programs.path(file)])).stdout
}

import test from 'ava'
import { EMPTY, interval, NEVER, of } from 'rxjs'
import { createSystem } from '../index.ts'
import { manualRuntime } from '../runtime/manual.ts'
import { systemScheduler, untilStopped } from '../rx.ts'

test('an Observable tied to a system completes when that has stopped, or by itself before', async (t) => {
  const runtime = manualRuntime()
  const system = await createSystem({ name: 'a', runtime, log: false })
  const heard: unknown[] = []
  const listen = (name: string) => ({
    next: (value: unknown) => heard.push(`${name} ${value}`),
    complete: () => heard.push(`${name} ended`),
  })

  of(1).pipe(untilStopped(system)).subscribe(listen('one'))
  EMPTY.pipe(untilStopped(system)).subscribe(listen('none'))
  NEVER.pipe(untilStopped(system)).subscribe(listen('never'))
  interval(10, systemScheduler(system)).pipe(untilStopped(system)).subscribe(listen('tick'))
  await runtime.advance(15)
  void system.stop()
  await runtime.settle()
  NEVER.pipe(untilStopped(system)).subscribe(listen('late'))
  await runtime.advance(100)

  t.deepEqual(heard, ['one 1', 'one ended', 'none ended', 'tick 0', 'never ended', 'tick ended', 'late ended'])
})

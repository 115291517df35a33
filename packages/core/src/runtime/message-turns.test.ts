import test from 'ava'
import { MessageTurns } from './message-turns.ts'

test('where there is no setImmediate, tasks run in order, each in a macrotask of its own, also those added meanwhile', async (t) => {
  const channel = new MessageChannel()
  const turns = new MessageTurns(channel)
  const seen: string[] = []
  const note = (what: string) => (): void => {
    seen.push(what)
    void Promise.resolve().then(() => seen.push(`after ${what}`))
  }

  turns.add(note('first'))
  turns.add(() => {
    note('second')()
    turns.add(note('third'))
  })
  await new Promise<void>((resolve) => turns.add(() => turns.add(resolve)))
  channel.port1.close()

  t.deepEqual(seen, ['first', 'after first', 'second', 'after second', 'third', 'after third'])
})

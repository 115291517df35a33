import { createSystem } from 'comedy'
import type { Client, Runtime } from '../runtime.ts'
import { CONFIRM_EVERY } from '../workloads.ts'

/** Sent to the other process as text: nothing outside of it is known there, and a method without `function` is no text. */
const board = {
  count: 0,
  sum: 0,
  note: function (this: { count: number; sum: number }, { value }: { value: number }) {
    this.count++
    this.sum += value
  },
  next: (value: number) => value + 1,
  report: function (this: { count: number; sum: number }) {
    return [this.count, this.sum]
  },
  cpu: () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  },
}

/** comedy in its forked mode: another process, JSON over the channel that Node gives to a child. */
export const runtime: Runtime = {
  async connect(): Promise<Client> {
    const root = await createSystem({ test: true }).rootActor()
    const ref = await root.createChild(board, { mode: 'forked' })
    let listener: (count: number, sum: number) => void = () => {}
    let sent = 0
    // It has no refs to give away: who wants to know must ask, and again, because an answer may overtake notes.
    const report = async (expected: number): Promise<void> => {
      let count = 0
      while (count < expected) {
        const [had, sum] = (await ref.sendAndReceive('report')) as [number, number]
        count = had
        listener(count, sum)
      }
    }
    return {
      ask: (value) => ref.sendAndReceive('next', value) as Promise<number>,
      tell: (note) => {
        void ref.send('note', note)
        if (++sent % CONFIRM_EVERY === 0) void report(sent)
      },
      onHad: (next) => {
        listener = next
      },
      serverCpu: () => ref.sendAndReceive('cpu') as Promise<number>,
    }
  },
}

/** A node that takes part in the membership of a cluster, in a process of its own: reports what happens, and when. */
import { createSystem, type SystemOptions } from '@troupe/core'
import { webSocketTransport } from '../index.ts'

export interface MemberOptions extends Partial<Omit<SystemOptions, 'transport' | 'runtime' | 'log'>> {
  readonly name: string
  readonly port: number
  readonly host?: string
}

/** What it says. Times are of the clock that all processes of a machine share, in ms. */
export type MemberReport =
  | { readonly address: string; readonly uid: string }
  | { readonly event: string; readonly about: string; readonly atMs: number }
  | { readonly blockedUntilMs: number }
  | { readonly error: string }

/** What it can be told: to leave, or to keep its event loop busy. */
export type MemberCommand = { readonly stop: true } | { readonly blockMs: number }

// Whoever started this one is gone.
process.once('disconnect', () => process.exit())

const { port, host, ...options } = JSON.parse(process.argv[2] ?? '') as MemberOptions
const nowMs = (): number => performance.timeOrigin + performance.now()
const say = (report: MemberReport): void => void (process.connected && process.send?.(report))
try {
  const transport = webSocketTransport({ port, insecure: true, ...(host === undefined ? {} : { host }) })
  const system = await createSystem({ stopOnSignals: true, ...options, transport, log: false })
  system.events.subscribe((event) => {
    if ('member' in event) say({ event: event.type, about: event.member.name, atMs: nowMs() })
    else if (event.type === 'peer-lost') say({ event: event.type, about: event.peer.name, atMs: nowMs() })
    // Whoever looks after processes starts another one in place of one that counts as down.
    else if (event.type === 'system-stopped' && process.connected) process.disconnect()
  })
  // A node without seeds has been up from its start.
  for (const { name, state } of system.members)
    if (state === 'up') say({ event: 'member-up', about: name, atMs: nowMs() })
  say({ address: system.address, uid: system.uid })
  process.on('message', (command: MemberCommand) => {
    if ('stop' in command) return void system.stop()
    const untilMs = nowMs() + command.blockMs
    while (nowMs() < untilMs);
    say({ blockedUntilMs: nowMs() })
  })
} catch (error) {
  say({ error: String(error) })
  process.disconnect()
}

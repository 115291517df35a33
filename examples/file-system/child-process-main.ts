import type { ActorSystem } from '@troupe/core'
import type { FromChild, ToChild } from './child-messages.ts'
import { join } from './join.ts'

/** What a child process runs. */
export interface ChildNode {
  readonly system: ActorSystem
  readonly url?: string
  stop(): Promise<void>
}

/**
 * Runs a node for the process that started this one, and never longer than that one lives: when the channel
 * between the two closes, for whatever reason, this one ends.
 */
export async function runChild(start: () => Promise<ChildNode>): Promise<void> {
  process.on('disconnect', () => process.exit(0))
  // Ctrl-C reaches the whole group: whoever started us ends us in order.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => {})
  try {
    const node = await start()
    endWhenAlone(node.system)
    process.on('message', (message: ToChild) => void obey(node, message))
    send({ type: 'ready', address: node.system.address, ...(node.url === undefined ? {} : { url: node.url }) })
  } catch (error) {
    const { message } = error instanceof Error ? error : new Error(String(error))
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN'
    send({ type: 'failed', code, message })
    process.disconnect()
  }
}

async function obey(node: ChildNode, message: ToChild): Promise<void> {
  if (message.type === 'stop') {
    await node.stop()
    process.exit(0)
  }
  await join(node.system, message.addresses)
  send({ type: 'joined' })
}

/**
 * A process that was stopped or starved for long counts as dead for the others, and they take nothing from it any
 * more. It sees that by having no peers left, and ends: whoever started it may start it anew, with its disk.
 */
function endWhenAlone(system: ActorSystem): void {
  system.events.subscribe((event) => {
    if (event.type !== 'peer-down') return
    setTimeout(() => {
      if (system.peers.length === 0) process.exit(ALONE_STATUS)
    }, ALONE_MS).unref()
  })
}

/** How long to be alone before ending, in ms. */
const ALONE_MS = 3_000
/** EX_TEMPFAIL of sysexits.h: try again. */
const ALONE_STATUS = 75

function send(message: FromChild): void {
  process.send?.(message)
}

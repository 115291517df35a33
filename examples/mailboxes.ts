/** What becomes of one message too many: refused, waited with, dropped, or overtaken by a more urgent one. */
import { type Actor, actor, bounded, createSystem, priority, protocol } from '@troupe/core'

interface Printer {
  print: (page: string) => void
  cancel: () => void
}
const Printer = protocol<Printer>('printer')

const printer: Actor<Printer> = actor(Printer, () => {
  const printed: string[] = []
  return {
    print: async (page) => {
      await null // takes its time, and everybody else waits
      printed.push(page)
      console.log(`  printed ${printed.join(' ')}`)
    },
    cancel: () => console.log('  cancelled'),
  }
})

const system = await createSystem({ name: 'mailboxes', log: false })
system.events.subscribe((event) => {
  if (event.type === 'dead-letter') console.log(`  lost: ${event.message} ${event.payload}, ${event.reason}`)
})

// Refused to the sender's face, who can then go at the printer's pace.
console.log('reject, then offer')
const polite = system.spawn(printer, { mailbox: bounded({ capacity: 2, overflow: 'reject' }) })
for (const page of ['1', '2', '3', '4']) {
  if (polite.tell('print', page)) continue
  console.log(`  no room for ${page}: wait`)
  await polite.offer('print', page)
}
await system.stop(polite, { drain: true })

// Where only the latest counts, what has waited longest gives way.
console.log('drop-oldest')
const latest = system.spawn(printer, { mailbox: bounded({ capacity: 2, overflow: 'drop-oldest' }) })
for (const page of ['1', '2', '3']) latest.tell('print', page)
await system.stop(latest, { drain: true })

// The most urgent first; what is left when it stops can be kept.
console.log('priority')
const urgent = system.spawn(printer, {
  mailbox: priority({ of: (name) => (name === 'cancel' ? 0 : 1) }),
  onUndelivered: ({ message, payload }) => console.log(`  kept for later: ${message} ${payload}`),
})
for (const page of ['1', '2']) urgent.tell('print', page)
urgent.tell('cancel')
await urgent.ask('print', '3')
system.suspend(urgent)
urgent.tell('print', '4')
await system.stop(urgent)
await system.stop()

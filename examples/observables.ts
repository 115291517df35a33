/** What actors publish, as rxjs Observables on any node; and an Observable told to an actor. On a time made by hand. */
import { actor, createSystem, protocol } from '@troupe/core'
import { events, into, type Output, observe, output, peers, systemScheduler } from '@troupe/core/rx'
import { manualRuntime } from '@troupe/core/testing'
import { memoryNetwork } from '@troupe/transport-memory'
import { debounceTime, from, interval, map, zip } from 'rxjs'

interface Thermometer {
  celsius: Output<number> // a message like any other: observe sends it
  measure: (celsius: number) => void
  stop: () => void
}
const Thermometer = protocol<Thermometer>('thermometer')

const thermometer = actor(Thermometer, (ctx) => {
  const celsius = output(ctx, 'celsius', { onObservers: (count) => console.log(`observed by ${count}`) })
  ctx.register(Thermometer)
  return { celsius: celsius.handler, measure: (value) => celsius.next(value), stop: () => ctx.stop() }
})

const time = manualRuntime() // with createSystem's own runtime all this takes a second
const network = memoryNetwork()
const a = await createSystem({ name: 'a', transport: network.transport(), runtime: time, log: false })
const b = await createSystem({ name: 'b', transport: network.transport(), runtime: time, log: false })
peers(a).subscribe((list) => console.log(`peers of a: ${list.map(({ name }) => name).join(' ') || 'none'}`))
events(b, 'peer-down').subscribe(({ peer, reason }) => console.log(`b sees ${peer.name} go: ${reason}`))

const local = a.spawn(thermometer)
void b.connect(a.address)
const finding = b.find(Thermometer)
await time.advance(100)
const remote = await finding

// Both ways of looking: each value as it comes, and only those that stay for 200 ms.
const celsius$ = observe(b, remote, 'celsius')
celsius$.subscribe({
  next: (celsius) => console.log(`at ${b.clock.now()} ms: ${celsius} °C`),
  complete: () => console.log('the thermometer has stopped'),
})
const calm$ = celsius$.pipe(debounceTime(200, systemScheduler(b)))
calm$.subscribe((celsius) => console.log(`at ${b.clock.now()} ms: calm at ${celsius} °C`))

// A source of values on a's time, told to the actor.
const measured$ = zip(from([19, 20, 21, 22]), interval(100, systemScheduler(a))).pipe(map(([celsius]) => celsius))
measured$.subscribe(into(local, 'measure'))
await time.advance(1_000)
local.tell('stop')
await time.advance(100)

void a.stop()
await time.advance(100)
void b.stop()
await time.advance(100)

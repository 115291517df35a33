import test from 'ava'
import type { NextObserver, Observable } from 'rxjs'
import { type ActorSystem, actor, type DeadLetter, type Peer, protocol, type Ref, type SystemEvent } from '../index.ts'
import { events, into, type Output, type OutputName, observe, output, type Publisher, peers } from '../rx.ts'

/** What the type checker must refuse: `npm run typecheck` fails when one of these is accepted. Nothing here runs. */

interface Sensor {
  celsius: Output<number>
  label: Output<{ readonly text: string } | null>
  measure: (celsius: number) => void
  reset: () => void
  name: (text?: string) => string
  loose: (value: unknown) => void
  failed: (error: Error) => void
}
const Sensor = protocol<Sensor>('sensor')

/** True when both are the same type, and not `any`. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
type ValueOf<O> = O extends Observable<infer T> ? T : never

export const names: true = true satisfies Same<OutputName<Sensor>, 'celsius' | 'label'>

export const sensor = actor(Sensor, (ctx) => {
  const celsius = output(ctx, 'celsius')
  const label = output(ctx, 'label', { replay: 1 })
  true satisfies Same<typeof celsius, Publisher<number>>
  true satisfies Same<typeof label, Publisher<{ readonly text: string } | null>>
  // @ts-expect-error a message that is no output
  output(ctx, 'measure')
  // @ts-expect-error no message at all
  output(ctx, 'fahrenheit')
  // @ts-expect-error an option nobody reads
  output(ctx, 'celsius', { replays: 1 })
  return {
    celsius: celsius.handler,
    label: label.handler,
    measure: (value) => {
      celsius.next(value)
      // @ts-expect-error another type of value
      celsius.next('warm')
    },
    reset: () => label.next(null),
    name: (text = '') => text,
    loose: () => {},
    failed: () => {},
  }
})

// @ts-expect-error the handler of another output
export const wrong = actor(Sensor, (ctx) => {
  const label = output(ctx, 'label')
  return {
    celsius: label.handler,
    label: label.handler,
    measure: () => {},
    reset: () => {},
    name: () => '',
    loose: () => {},
    failed: () => {},
  }
})

export function observing(system: ActorSystem, ref: Ref<Sensor>, narrow: Ref<Pick<Sensor, 'celsius'>>): void {
  const celsius = observe(system, ref, 'celsius')
  const label = observe(system, ref, 'label')
  const narrowed = observe(system, narrow, 'celsius')
  true satisfies Same<typeof celsius, Observable<number>>
  true satisfies Same<ValueOf<typeof label>, { readonly text: string } | null>
  true satisfies Same<typeof narrowed, Observable<number>>
  // @ts-expect-error a message that is no output
  observe(system, ref, 'measure')
  // @ts-expect-error a message that takes anything is no output
  observe(system, ref, 'loose')
  // @ts-expect-error an output that a narrower ref does not have
  observe(system, narrow, 'label')
  const same: Ref<{ celsius: Output<number> }> = ref
  // @ts-expect-error an output of other values
  const other: Ref<{ celsius: Output<string> }> = ref
  void [same, other]
}

export function listening(system: ActorSystem): void {
  const all = events(system)
  const letters = events(system, 'dead-letter')
  const ups = events(system, 'peer-up', 'peer-down')
  true satisfies Same<typeof all, Observable<SystemEvent>>
  true satisfies Same<ValueOf<typeof letters>, { readonly type: 'dead-letter' } & DeadLetter>
  ups.subscribe(({ peer }) => peer satisfies Peer)
  peers(system).subscribe((list) => list satisfies readonly Peer[])
  // @ts-expect-error there is no such event
  events(system, 'dead-letters')
  // @ts-expect-error an event that has no peer
  letters.subscribe(({ peer }) => peer)
}

export function telling(ref: Ref<Sensor>, numbers: Observable<number>, texts: Observable<string>): void {
  true satisfies Same<ReturnType<typeof intoMeasure>, NextObserver<number>>
  numbers.subscribe(into(ref, 'measure'))
  numbers.subscribe(into(ref, 'reset'))
  texts.subscribe(into(ref, 'name', { error: 'failed', complete: 'reset' }))
  // @ts-expect-error values that the message does not take
  texts.subscribe(into(ref, 'measure'))
  // @ts-expect-error no such message
  into(ref, 'cool')
  // @ts-expect-error a message that does not take an error
  into(ref, 'measure', { error: 'measure' })
  // @ts-expect-error a message that needs a payload cannot tell the end
  into(ref, 'measure', { complete: 'measure' })
}
const intoMeasure = (ref: Ref<Sensor>) => into(ref, 'measure')

test('outputs, events and observers are typed by the protocol and by the type of the event', (t) => {
  t.is(typeof intoMeasure, 'function')
})

import test from 'ava'
import { crashClass } from './crash-class.ts'

function failed(name: string, stack: string): Error {
  return Object.assign(new Error('of one run'), { name, stack: `${name}: of one run\n${stack}` })
}

test('a crash is told by its class and the first function of its own that is on the stack', (t) => {
  const frames = [
    '    at node:internal/process/task_queues:95:5',
    '    at JSON.parse (<anonymous>)',
    '    at EventLoop.run (file:///home/me/node_modules/@troupe/testkit/dist/simulation/event-loop.js:7:1)',
    '    at Store.put [as handler] (/home/me/app/src/store.ts:12:3)',
    '    at Other.call (/home/me/app/src/other.ts:1:1)',
  ].join('\n')

  t.is(
    crashClass('uncaught-exception', failed('TypeError', frames)),
    'uncaught-exception: TypeError in Store.put (store.ts)',
  )
})

test('two bugs are two classes, also where their functions have no names; the same one twice is one', (t) => {
  const at = (place: string): string => crashClass('unhandled-rejection', failed('Error', `    at async ${place}`))

  t.is(at('file:///app/a.ts:3:9'), 'unhandled-rejection: Error at a.ts:3')
  t.is(at('Object.<anonymous> (C:\\app\\a.ts:3:9)'), 'unhandled-rejection: Error at a.ts:3')
  t.not(at('file:///app/a.ts:3:9'), at('file:///app/a.ts:4:9'))
  t.not(at('f (file:///app/a.ts:3:9)'), at('g (file:///app/a.ts:3:9)'))
  t.is(at('f (file:///app/a.ts:3:9)'), at('f (file:///app/a.ts:5:2)'))
})

test('a code says more than a place, and what is no error has its type alone', (t) => {
  const error = Object.assign(failed('AskError', '    at f (/app/a.ts:1:1)'), { code: 'ASK_UNKNOWN' })

  t.is(crashClass('client', error), 'client: AskError ASK_UNKNOWN')
  t.is(crashClass('client', 'a text'), 'client: string')
  t.is(crashClass('client', failed('Error', '')), 'client: Error')
})

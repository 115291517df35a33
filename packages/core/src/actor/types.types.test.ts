import test from 'ava'
import { actor, createSystem, extension, type Handlers, inspect, protocol, type Ref, type Reply } from '../index.ts'
import type { Message, NameAccepting } from './protocol.ts'
import type { Terminated } from './terminated.ts'

/**
 * What the type checker must refuse: `npm run typecheck` fails when one of these is accepted. Nothing here runs
 * but the last test, which sees to it that the accepted calls work too.
 */

interface Store {
  put: (entry: { key: string; value: number }) => number
  get: (key: string) => Promise<number | undefined>
  clear: () => void
  touch: (key?: string) => boolean
  gone: (notice: Terminated) => void
}
const Store = protocol<Store>('store')

interface Reader {
  get: (key: string) => Promise<number | undefined>
}
const Reader = protocol<Reader>('reader')

/** True when both are the same type, and not `any`. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

const store = actor(Store, () => {
  const rows = new Map<string, number>()
  return {
    put: ({ key, value }) => rows.set(key, value).size,
    get: async (key) => rows.get(key),
    clear: () => rows.clear(),
    touch: (key) => key === undefined || rows.has(key),
    gone: () => {},
  }
})

const sized = actor(Store, (_context, args: { size: number }) => ({
  put: () => args.size,
  get: () => args.size,
  clear: () => {},
  touch: () => true,
  gone: () => {},
}))

export function sending(ref: Ref<Store>): void {
  ref.tell('put', { key: 'a', value: 1 })
  ref.tell('clear')
  ref.tell('touch')
  ref.tell('touch', 'a')
  // @ts-expect-error no such message
  ref.tell('push', { key: 'a', value: 1 })
  // @ts-expect-error wrong payload
  ref.tell('put', { key: 'a', value: '1' })
  // @ts-expect-error a key is missing from the payload
  ref.tell('put', { key: 'a' })
  // @ts-expect-error the payload is missing
  ref.tell('put')
  // @ts-expect-error one payload too many
  ref.tell('clear', 'all')
  // @ts-expect-error a second payload
  ref.tell('get', 'a', 'b')
}

export async function asking(ref: Ref<Store>): Promise<void> {
  const size: number = await ref.ask('put', { key: 'a', value: 1 })
  const value: number | undefined = await ref.ask('get', 'a', { timeoutMs: size })
  await ref.ask('clear', undefined, { timeoutMs: 10 })
  // @ts-expect-error the answer may be undefined
  const certain: number = await ref.ask('get', 'a')
  // @ts-expect-error the answer is a number
  const text: string = await ref.ask('put', { key: 'a', value: 1 })
  // @ts-expect-error no such message
  await ref.ask('push')
  // @ts-expect-error wrong payload
  await ref.ask('get', 1)
  // @ts-expect-error options where the payload belongs
  await ref.ask('get', { timeoutMs: 10 })
  // @ts-expect-error options have no such key
  await ref.ask('get', 'a', { timeout: 10 })
  // @ts-expect-error without a payload the options still stand third
  await ref.ask('clear', { timeoutMs: 10 })
  void [value, certain, text]
}

export async function offering(ref: Ref<Store>): Promise<void> {
  const nothing: void = await ref.offer('put', { key: 'a', value: 1 })
  await ref.offer('clear')
  await ref.offer('clear', undefined, { timeoutMs: 10 })
  await ref.offer('get', 'a', { signal: new AbortController().signal })
  // @ts-expect-error no such message
  await ref.offer('push')
  // @ts-expect-error wrong payload
  await ref.offer('get', 1)
  // @ts-expect-error the payload is missing
  await ref.offer('put')
  // @ts-expect-error options have no such key
  await ref.offer('get', 'a', { timeout: 10 })
  // @ts-expect-error an offer brings no answer
  const answer: number = await ref.offer('put', { key: 'a', value: 1 })
  void [nothing, answer]
}

export const replies: readonly true[] = [
  true satisfies Same<Reply<Store, 'put'>, number>,
  true satisfies Same<Reply<Store, 'get'>, number | undefined>,
  true satisfies Same<Reply<Store, 'clear'>, void>,
  true satisfies Same<Awaited<ReturnType<typeof askedPut>>, number>,
  true satisfies Same<NameAccepting<Store, string>, 'get' | 'clear' | 'touch'>,
]
const askedPut = (ref: Ref<Store>) => ref.ask('put', { key: 'a', value: 1 })

export function refs(wide: Ref<Store>, narrow: Ref<Reader>): void {
  const narrowed: Ref<Reader> = wide
  // @ts-expect-error a ref never widens
  const widened: Ref<Store> = narrow
  // @ts-expect-error a ref with another payload for the same name
  const other: Ref<{ get: (key: number) => number }> = wide
  // @ts-expect-error a handler that takes more than is promised there
  const loose: Ref<{ get: (key: string | number) => number | undefined }> = wide
  void [narrowed, widened, other, loose]
}

export const askingByContext = actor(Store, (context) => {
  const other: Ref<Store> = context.self
  return {
    put: async ({ key }) => (await context.ask(other, 'get', key)) ?? 0,
    get: async (key) => context.ask(other, 'put', { key, value: 1 }, { timeoutMs: 10 }),
    clear: async () => {
      await context.ask(other, 'clear', undefined, { timeoutMs: 10 })
      // @ts-expect-error no such message
      await context.ask(other, 'push')
      // @ts-expect-error wrong payload
      await context.ask(other, 'get', 1)
      // @ts-expect-error the answer may be undefined
      const certain: number = await context.ask(other, 'get', 'a')
      // @ts-expect-error options have no such key
      await context.ask(other, 'get', 'a', { timeout: 10 })
      void certain
    },
    touch: async () => {
      true satisfies Same<Awaited<ReturnType<typeof context.ask<Store, 'put'>>>, number>
      return true
    },
    gone: () => {},
  }
})

export const contexts = actor(Store, (context) => {
  context.after(10, 'clear')
  context.after(10, 'put', { key: 'a', value: 1 })
  context.every(10, 'touch', 'a')
  // @ts-expect-error after with a wrong payload
  context.after(10, 'put', { key: 'a', value: '1' })
  // @ts-expect-error after without its payload
  context.after(10, 'put')
  // @ts-expect-error every with a message that is not one's own
  context.every(10, 'push')

  context.timer('key').after(10, 'put', { key: 'a', value: 1 })
  context.timer('key').every(10, 'clear')
  const active: boolean = context.timer('key').active
  // @ts-expect-error a keyed timer with a wrong payload
  context.timer('key').after(10, 'put', { key: 'a', value: '1' })
  // @ts-expect-error a keyed timer without its payload
  context.timer('key').every(10, 'put')
  // @ts-expect-error a keyed timer with a message that is not one's own
  context.timer('key').after(10, 'push')
  // @ts-expect-error a key is a string
  context.timer(1)
  // @ts-expect-error whether it is active is not for users to say
  context.timer('key').active = active

  context.link(context.self)
  // @ts-expect-error a path is no ref
  context.link('/user/store')
  context.task(async (signal) => signal.aborted)
  // @ts-expect-error a task is a function, so that it gets its signal
  context.task(Promise.resolve())

  context.watch(context.self, 'gone')
  context.watch(context.self, 'clear')
  context.watch(context.self, 'get', 'a')
  // @ts-expect-error watch with a message that is not one's own
  context.watch(context.self, 'push')
  // @ts-expect-error a message that does not take the notice
  context.watch(context.self, 'get')
  // @ts-expect-error watch with a wrong payload
  context.watch(context.self, 'get', 1)

  context.pipe(Promise.resolve('a'), 'get')
  // @ts-expect-error the message does not take what is piped
  context.pipe(Promise.resolve(1), 'get')
  // @ts-expect-error the message does not take an error
  context.pipe(Promise.resolve('a'), 'get', 'get')
  // @ts-expect-error another protocol than one's own
  context.register(protocol<Reader & { more: () => void }>('reader'))
  // @ts-expect-error the message takes no list of refs
  context.subscribe(Store, 'get')
  // @ts-expect-error a forwarded payload is checked as a told one
  context.forward(context.self, 'put', 1)
  return {
    put: () => context.reply<number>(),
    get: async () => context.replyError(new Error('no')),
    clear: () => context.forward(context.self, 'clear'),
    touch: async () => true,
    gone: () => {},
  }
})

export const stashing = actor(
  Store,
  (context) => {
    // @ts-expect-error what is put back is no answer
    const back: number = context.unstash()
    void back
    return {
      put: () => context.stash(),
      get: async () => context.stash(),
      clear: () => context.stash(),
      touch: (key) => (key === undefined ? context.stash() : true),
      gone: () => {},
    }
  },
  { interleave: ['get', 'touch'], stashCapacity: 10 },
)

export const wrongOptions = () => [
  // @ts-expect-error no such message to interleave
  actor(Store, stashing.setup, { interleave: ['push'] }),
  // @ts-expect-error a capacity is a number
  actor(Store, stashing.setup, { stashCapacity: '10' }),
  // @ts-expect-error an option nobody reads
  actor(Store, stashing.setup, { interleaved: ['get'] }),
  // @ts-expect-error no such message of the handlers
  actor('inferred', () => ({ get: () => 1 }), { interleave: ['put'] }),
]

// @ts-expect-error a handler is missing
export const incomplete = actor(Store, () => ({ put: () => 1, get: () => 1, clear: () => {}, touch: () => true }))

export const wrong: Handlers<Store> = {
  // @ts-expect-error the handler answers something else
  put: () => 'one',
  // @ts-expect-error the handler promises something else
  get: async () => 'one',
  // @ts-expect-error the handler takes something else
  touch: (key: number) => key > 0,
  clear: () => {},
  gone: () => {},
}

// @ts-expect-error a message has one payload at most
export const twoPayloads = protocol<{ put: (key: string, value: number) => void }>('two')

// @ts-expect-error a protocol is made of functions
export const noFunction = protocol<{ size: number }>('size')

export async function spawning(): Promise<void> {
  const system = await createSystem({ name: 'types' })
  const ref: Ref<Store> = system.spawn(store)
  system.spawn(sized, { args: { size: 1 }, name: 'sized' })
  // @ts-expect-error args are required
  system.spawn(sized)
  // @ts-expect-error args are required among other options too
  system.spawn(sized, { name: 'sized' })
  // @ts-expect-error args of a wrong type
  system.spawn(sized, { args: { size: '1' } })
  // @ts-expect-error args where none are taken
  system.spawn(store, { args: 1 })
  // @ts-expect-error an option nobody reads
  system.spawn(store, { nmae: 'x' })
  // @ts-expect-error an actor of another protocol
  system.register(Store, system.spawn(actor('other', () => ({ get: () => 1 }))))
  // @ts-expect-error a system has a name
  await createSystem({})
  const found: Ref<Store> = await system.find(Store)
  void [ref, found]
}

export async function aroundASystem(): Promise<void> {
  const system = await createSystem({
    name: 'types',
    messages: 'frozen',
    interceptors: [{ sent: ({ id }) => void id }],
  })
  const Pool = extension(
    'pool',
    ({ name }) => ({ name, size: 1 }),
    ({ size }) => void size,
  )
  system.extension(Pool).size satisfies number
  system.onStop('before-stop', 'drain', async () => {})
  // @ts-expect-error no such phase
  system.onStop('later', 'drain', () => {})
  // @ts-expect-error no such way for messages
  await createSystem({ name: 'types', messages: 'copied' })
  // @ts-expect-error an interceptor has no such step
  await createSystem({ name: 'types', interceptors: [{ received: () => {} }] })
  system.spawn(actor(Store, () => ({ ...storeHandlers, [inspect]: () => 1 })))
  // @ts-expect-error what inspectors see is given by a method
  system.spawn(actor(Store, () => ({ ...storeHandlers, [inspect]: 1 })))
  // What inspectors call is no message.
  const inferred = actor('inferred', () => ({ get: () => 1, [inspect]: () => 2 }))
  const ref = system.spawn(inferred)
  await ref.ask('get')
  // @ts-expect-error a symbol is no message
  await ref.ask(inspect)
}

declare const storeHandlers: Handlers<Store>

export async function hearingOfChildren(): Promise<void> {
  const system = await createSystem({ name: 'types', log: false })
  const parent = system.spawn(
    actor(Reader, (context) => ({
      get: async (key) => context.child(Store, 'store')?.ask('get', key),
      childFailed: ({ ref, error, directive }) => {
        true satisfies Same<typeof directive, 'stop' | 'escalate'>
        context.log.error(ref.path, error)
      },
    })),
  )
  const inferred = system.spawn(actor('inferred', () => ({ get: () => 1, childFailed: () => {}, unhandled: () => {} })))
  // @ts-expect-error nobody sends it
  parent.tell('childFailed', { ref: parent, error: new Error('x'), directive: 'stop' })
  // @ts-expect-error nor where the protocol is inferred
  inferred.tell('childFailed')
  // @ts-expect-error nor this one
  await inferred.ask('unhandled')
  // @ts-expect-error a handler for something else
  actor(Reader, () => ({ get: async () => 1, childFailed: (failed: string) => failed }))
  // @ts-expect-error no such policy
  system.spawn(store, { restart: 'always' })
  // @ts-expect-error significant or not
  system.spawn(store, { significant: 'yes' })
}

test('a protocol that is inferred from handlers types its asks, and a token types its handlers', async (t) => {
  const system = await createSystem({ name: 'types', log: false })
  const inferred = system.spawn(
    actor('inferred', (context) => ({
      twice: (n: number) => n * 2,
      later: async (text: string) => [text],
      owed: () => context.reply<Date>(),
      maybe: async (n: number) => (n > 0 ? n : context.replyError(new Error('no'))),
    })),
  )
  type Inferred = typeof inferred extends Ref<infer P> ? P : never
  true satisfies Same<Reply<Inferred, 'twice'>, number>
  true satisfies Same<Reply<Inferred, 'later'>, string[]>
  true satisfies Same<Reply<Inferred, 'owed'>, Date>
  true satisfies Same<Reply<Inferred, 'maybe'>, number>
  true satisfies Same<Message<Inferred>[0], 'twice' | 'later' | 'owed' | 'maybe'>
  const ref = system.spawn(store)

  const size: number = await ref.ask('put', { key: 'a', value: 7 })
  const value: number | undefined = await ref.ask('get', 'a')
  const touched: boolean = await ref.ask('touch')
  const narrow: Ref<Reader> = ref
  const doubled: number = await inferred.ask('twice', 21)

  t.deepEqual([size, value, touched, doubled], [1, 7, true, 42])
  t.is(await narrow.ask('get', 'b'), undefined)
  await system.stop()
})

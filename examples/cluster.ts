/** Three nodes: one actor for all of them, a topic, and messages that arrive whatever happens. */
import { actor, createSystem, protocol, type Ref } from '@troupe/core'
import { type Consumer, consumer, producer, singleton, topic, topics, watchServices } from '@troupe/core/cluster'
import { memoryNetwork } from '@troupe/transport-memory'

interface Numbers {
  next: () => { readonly fence: number; readonly n: number; readonly host: string }
}
const Numbers = protocol<Numbers>('numbers')
interface Printer {
  print: (text: string) => void
}
const Printer = protocol<Printer>('printer')
const printed: string[] = []
const printer = actor(Printer, () => ({ print: (text) => void printed.push(text) }))
const News = topic<string>('news')
const Prints = protocol<Consumer<string>>('prints')

const network = memoryNetwork()
const start = async (name: string) => {
  const seeds = name === 'a' ? [] : ['memory://a']
  const membership = { probePeriodMs: 50 }
  const system = await createSystem({
    name,
    transport: network.transport(`memory://${name}`),
    seeds,
    membership,
    log: false,
  })
  // The fencing token goes wherever the singleton acts: whoever has seen a later one refuses it.
  const service = (fence: number) => {
    let n = 0
    return actor(Numbers, () => ({ next: () => ({ fence, n: ++n, host: name }) }))
  }
  return { system, numbers: singleton(system, { name: 'numbers', service }) }
}
const until = async (isSo: () => boolean) => {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10))
}

const a = await start('a')
await until(() => a.system.members[0]?.state === 'up')
const [b, c] = [await start('b'), await start('c')]
await until(() => c.system.members.filter(({ state }) => state === 'up').length === 3)
const before = await c.numbers.ask('next')
await a.system.stop()
const after = await c.numbers.ask('next')
console.log(`away from a: ${after.host !== 'a'}; with a newer fence: ${after.fence > before.fence}`)

const page: Ref<Printer> = b.system.spawn(printer)
topics(b.system).subscribe(News, page, 'print')
await until(() => topics(c.system).publish(News, 'read all about it') > 0)
await until(() => printed.length > 0)

b.system.register(Prints, b.system.spawn(consumer({ target: page, message: 'print' })))
watchServices(c.system, Prints, (refs) => refs.length > 0 && console.log('c can reach a consumer'))
const prints = c.system.spawn(producer<string>({ id: 'c', consumer: Prints }))
console.log(`confirmed: number ${await prints.ask('send', 'a page')}, printed: ${printed.join(', ')}`)
await Promise.all([b.system.stop(), c.system.stop()])

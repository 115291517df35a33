// examples/hello.ts without types: what somebody runs who has installed the package.
import { actor, createSystem } from '@troupe/core'

const counter = actor('counter', () => {
  let count = 0
  return { add: (n) => (count += n), get: () => count }
})

const system = await createSystem({ name: 'hello' })
const ref = system.spawn(counter)
ref.tell('add', 2)
ref.tell('add', 40)
console.log(`hello, the count is ${await ref.ask('get')}`)
await system.stop()

import { actor, createSystem, type Protocol, protocol, type Ref } from '@troupe/core'
import { webSocketTransport } from '@troupe/transport-ws'
import { type Client, Had, type Runtime } from '../runtime.ts'
import { CONFIRM_EVERY, type Note } from '../workloads.ts'

interface Board {
  note: (note: Note) => void
  next: (value: number) => number
  confirmTo: (ref: Ref<Pen>) => void
}

interface Pen {
  had: (report: readonly [count: number, sum: number]) => void
}

const BoardProtocol: Protocol<Board> = protocol<Board>('board')
const PenProtocol: Protocol<Pen> = protocol<Pen>('pen')

function board(): Board {
  const had = new Had(CONFIRM_EVERY)
  let pen: Ref<Pen> | null = null
  return {
    note: ({ value }) => {
      if (had.add(value)) pen?.tell('had', had.report)
    },
    next: (value) => value + 1,
    confirmTo: (ref) => {
      pen = ref
    },
  }
}

/** As its users would write it: nothing but refs, tells and asks. */
export const runtime: Runtime = {
  async serve() {
    const system = await createSystem({ name: 'server', transport: webSocketTransport({ port: 0 }), log: false })
    system.register(BoardProtocol, system.spawn(actor(BoardProtocol, board)))
    return system.address
  },
  async connect(address): Promise<Client> {
    const system = await createSystem({ name: 'client', transport: webSocketTransport(), log: false })
    await system.connect(address)
    const ref = await system.find(BoardProtocol)
    let listener: (count: number, sum: number) => void = () => {}
    const pen = system.spawn(actor(PenProtocol, () => ({ had: ([count, sum]) => listener(count, sum) })))
    ref.tell('confirmTo', pen)
    return {
      ask: (value) => ref.ask('next', value),
      tell: (note) => void ref.tell('note', note),
      onHad: (next) => {
        listener = next
      },
    }
  },
  async idle(address) {
    const system = await createSystem({ name: 'idle', transport: webSocketTransport(), log: false })
    await system.connect(address)
  },
}

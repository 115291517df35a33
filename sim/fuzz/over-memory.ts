import { type Random, SeededRandom } from '@troupe/core'
import { type ManualRuntime, manualRuntime } from '@troupe/core/testing'
import { memoryNetwork } from '@troupe/transport-memory'
import { challenge, provenHello } from '../../packages/transport-memory/src/testing/proofs.ts'
import { FLOW_CONTROL, type RawLink, RawPeer } from '../../packages/transport-memory/src/testing/raw-peer.ts'
import { Frames } from './frames.ts'
import type { Tally } from './tally.ts'
import { Target } from './target.ts'

const SECRET = 'known to the target and its peer'
/** Frames on a link before it is looked whether it is still there. */
const BURST = 8

/**
 * Frames over links in memory, to strangers and to those who have been let in, of a system with or without a secret.
 *
 * @param onFrames hears how many there were so far, now and then
 */
export async function overMemory(
  frames: number,
  seed: number,
  hasSecret: boolean,
  onFrames: (sent: number) => void,
): Promise<Tally> {
  const time = manualRuntime(seed)
  const network = memoryNetwork()
  const target = await Target.start(() => ({
    runtime: time,
    transport: network.transport(),
    ...(hasSecret ? { secret: SECRET } : {}),
  }))
  await during(time, target.connect())
  const random = new SeededRandom(seed)
  const stranger = new Stranger(await RawPeer.listen(network.transport(), time), target.system.address, hasSecret, time)
  const made = new Frames(random.stream('frames'))
  let link: RawLink | null = null
  let closed = 0
  for (let sent = 0; sent < frames; sent++) {
    if (sent % BURST === 0) {
      await time.settle()
      if (link?.ended) closed++
      if (link === null || link.ended !== null) link = await stranger.link(random)
      if (sent % 1_000 === 0) onFrames(sent)
    }
    link?.bytes(made.next())
    // Now and then time goes on, so that what waits for an answer gives up.
    if (sent % 256 === 255) await time.advance(50)
  }
  await time.advance(1_000)
  await during(time, target.check())
  await during(time, target.stop())
  return { frames, closed, crashes: target.crashes }
}

/** Somebody who dials, and goes as far as chance will have it before it sends anything else. */
class Stranger {
  readonly #peer: RawPeer
  readonly #address: string
  readonly #hasSecret: boolean
  readonly #time: ManualRuntime
  #links = 0

  constructor(peer: RawPeer, address: string, hasSecret: boolean, time: ManualRuntime) {
    this.#peer = peer
    this.#address = address
    this.#hasSecret = hasSecret
    this.#time = time
  }

  async link(random: Random): Promise<RawLink> {
    const far = random.below(4)
    // Most of them have agreed on pieces and credit.
    const features = random.below(4) === 0 ? random.below(4) : FLOW_CONTROL | random.below(4)
    const hello = { uid: `stranger-${++this.#links}`, address: '', features }
    if (far === 0) return this.#peer.dial(this.#address)
    if (!this.#hasSecret) return this.#peer.join(this.#address, hello)
    const link = await this.#peer.dial(this.#address)
    const ours = challenge(`nonce-of-a-stranger-${this.#links}`)
    link.send(ours)
    await this.#time.settle()
    if (far === 1) return link
    link.send(provenHello(SECRET, ours, link, this.#peer.hello(hello)))
    await this.#time.settle()
    return link
  }
}

async function during<T>(time: ManualRuntime, work: Promise<T>): Promise<T> {
  let isDone = false
  const end = (): void => {
    isDone = true
  }
  work.then(end, end)
  while (!isDone) await time.advance(1)
  return work
}

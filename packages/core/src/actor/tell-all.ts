import { encodingOnce } from '../codec/encode-once.ts'
import type { MessageName, Payload } from './protocol.ts'
import type { Ref } from './ref.ts'

/**
 * Tells many actors the same: `ref.tell` for each in turn, but for those on other nodes the payload is encoded once and
 * not for each.
 *
 * @returns those whose full mailbox on this node has turned it down, as `tell` says of one; mostly nobody
 * @throws {NotSerializableError} when one of the actors is on another node and the payload has no CBOR form; those
 *   before it have been told
 */
export function tellAll<P, K extends MessageName<P>>(
  refs: Iterable<Ref<P>>,
  name: K,
  ...payload: Payload<P, K>
): readonly Ref<P>[] {
  const turnedDown: Ref<P>[] = []
  encodingOnce(payload[0], () => {
    for (const ref of refs) if (!ref.tell(name, ...payload)) turnedDown.push(ref)
  })
  return turnedDown
}

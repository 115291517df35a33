import { clusterPart } from './cluster-part.ts'
import { fastCbor } from './codec/fast-cbor.ts'
import { Acceptor } from './remoting/acceptor.ts'
import { realRuntime } from './runtime/real.ts'
import { searchSeeds } from './search-seeds.ts'
import type { SystemParts } from './start-system.ts'
import { diagnosis } from './system/diagnosis.ts'
import { Inspector } from './system/inspector.ts'
import { systemHooks } from './system/message-hooks.ts'
import { proofs } from './system/proofs.ts'

/** What a node is made of. */
export const ALL_PARTS: SystemParts = {
  runtime: realRuntime,
  codec: fastCbor,
  diagnosis,
  interception: systemHooks,
  inspection: (root, clock) => new Inspector(root, clock),
  proofs,
  acceptor: (host) => new Acceptor(host),
  membership: clusterPart,
  discovery: searchSeeds,
}

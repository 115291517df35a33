import { Guard } from '../remoting/guard.ts'
import type { Proofs } from './parts.ts'
import { secretsOf } from './secrets.ts'

/** Has links prove the secrets of the option `secret`. */
export const proofs: Proofs = {
  secretsOf,
  guard: (secrets, ids, versions, cbor) => new Guard(secrets, ids, versions, cbor),
}

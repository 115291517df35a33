import type { Mutant } from './mutant.ts'

const DIR = 'packages/core/src/remoting'

/** Bugs of the proofs that let nodes in. */
export const guard: readonly Mutant[] = [
  {
    name: 'challenge-always-the-same',
    file: `${DIR}/guard.ts`,
    find: `challenge(this.#ids.next(), this.#versions)`,
    replace: `challenge('there is one per node', this.#versions)`,
    form: 'expression',
    scenario: 'strangers',
    why: 'A proof is for one link: its challenge is made where a uid is, and what was overheard fits again.',
  },
  {
    name: 'last-byte-decides',
    file: 'packages/core/src/codec/hmac.ts',
    find: `difference |= a[i]! ^ b[i]!`,
    replace: `difference = a[i]! ^ b[i]!`,
    form: 'statement',
    scenario: 'strangers',
    why: 'Who does not know the secret is not heard: one stroke is missing, and one guess in 256 is right.',
  },
  {
    name: 'hello-not-proved',
    file: `${DIR}/guard.ts`,
    find: `[new TextEncoder().encode(what), ...said]`,
    replace: `[new TextEncoder().encode(what), ...said.slice(0, 2)]`,
    form: 'expression',
    scenario: 'strangers',
    why: 'A proof is of what is said with it: it covers the challenges, and any hello may be put to it.',
  },
  {
    name: 'welcome-needs-no-proof',
    file: `${DIR}/connection.ts`,
    find: `if (answer.troupe !== 'proven') throw misplaced(answer, 'a proof')`,
    replace: `if (answer.troupe === 'welcome') return answered(answer)
      if (answer.troupe !== 'proven') throw misplaced(answer, 'a proof')`,
    form: 'statement',
    scenario: 'strangers',
    why: 'Both sides prove themselves: who was dialled is thought to be who was meant.',
  },
]

import { type ActorSystem, createSystem } from '@troupe/core'

/** The one node of a sample: with the options that a user starts with. */
export const system: ActorSystem = await createSystem({ name: 'bench' })

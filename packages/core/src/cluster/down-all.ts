import type { SplitBrainStrategy } from './split-brain.ts'

/** Nobody goes on: all start anew, and find each other again when they can. For networks that fail in parts and often. */
export function downAll(): SplitBrainStrategy {
  return { name: 'down-all', decide: () => 'down-all' }
}

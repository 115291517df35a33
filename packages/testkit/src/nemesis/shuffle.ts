import type { Random } from '@troupe/core'

/** The items in any order, each as likely. @see Fisher & Yates 1938, "Statistical Tables", example 12 */
export function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const all = [...items]
  for (let i = all.length - 1; i > 0; i--) {
    const j = random.below(i + 1)
    const swapped = all[i]!
    all[i] = all[j]!
    all[j] = swapped
  }
  return all
}

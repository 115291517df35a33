/**
 * A small part of a list that still fails: take out any one item, and it does not.
 *
 * Asks `fails` about parts of the list, in its order, each at most a few times: for n items at most n² + 3n times, and
 * about 2 log n where one item is to blame. The whole list is taken to fail, and not asked about.
 *
 * @param fails deterministic; once it says false to everything (no time is left, say), the best so far comes back
 * @see Zeller & Hildebrandt 2002, "Simplifying and Isolating Failure-Inducing Input", §3.2, Figure 6
 */
export async function ddmin<T>(
  items: readonly T[],
  fails: (part: readonly T[]) => boolean | Promise<boolean>,
): Promise<readonly T[]> {
  // Often nothing of the list is to blame.
  if (items.length === 0 || (await fails([]))) return []
  let rest = items
  let parts = 2
  while (rest.length >= 2) {
    const chunks = split(rest, parts)
    const subset = await first(chunks, fails)
    if (subset !== null) {
      rest = subset
      parts = 2
      continue
    }
    // Of two parts, the complements are the parts.
    const complement = parts === 2 ? null : await first(complements(chunks), fails)
    if (complement !== null) {
      rest = complement
      parts = Math.max(parts - 1, 2)
      continue
    }
    if (parts === rest.length) break
    parts = Math.min(parts * 2, rest.length)
  }
  return rest
}

/** Cuts a list into that many parts, none empty, their lengths differing by one at most. */
function split<T>(items: readonly T[], parts: number): T[][] {
  return Array.from({ length: parts }, (_, i) =>
    items.slice(Math.floor((i * items.length) / parts), Math.floor(((i + 1) * items.length) / parts)),
  )
}

function complements<T>(chunks: readonly T[][]): T[][] {
  return chunks.map((_, left) => chunks.flatMap((chunk, i) => (i === left ? [] : chunk)))
}

async function first<T>(
  candidates: readonly T[][],
  fails: (part: readonly T[]) => boolean | Promise<boolean>,
): Promise<T[] | null> {
  for (const candidate of candidates) if (await fails(candidate)) return candidate
  return null
}

import { Resolver } from 'node:dns/promises'

/** Where a service is, as a record of type SRV has it. */
export interface SrvRecord {
  readonly name: string
  readonly port: number
}

/** What asks a name server. A `Resolver` of `node:dns/promises` is one. It rejects as that does: with a `code`. */
export interface DnsResolver {
  resolve4(host: string): Promise<readonly string[]>
  resolve6(host: string): Promise<readonly string[]>
  resolveSrv(name: string): Promise<readonly SrvRecord[]>
  /** Gives up what is under way. */
  cancel?(): void
}

/** How long one server is waited for, in ms, and how often it is asked: below the time that a look has. */
const PATIENCE = { timeout: 1_500, tries: 2 }

/** That of the host, with the servers it was set up with. */
export function hostResolver(): DnsResolver {
  return new Resolver(PATIENCE)
}

/** No such name, or no record of that type: with most clusters in which nobody is ready yet. */
const NOBODY: ReadonlySet<unknown> = new Set(['ENOTFOUND', 'ENODATA'])

/** What a question brings; nothing when there is no such record. @returns rejects when nobody can tell */
export async function recordsOf<T>(question: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await question
  } catch (error) {
    if (NOBODY.has((error as { readonly code?: unknown } | null)?.code)) return []
    throw error
  }
}

/** Asks until the signal says that the answer is of no use any more. */
export async function ask<T>(resolver: DnsResolver, signal: AbortSignal, question: () => Promise<T>): Promise<T> {
  const giveUp = (): void => resolver.cancel?.()
  signal.addEventListener('abort', giveUp)
  try {
    return await question()
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}

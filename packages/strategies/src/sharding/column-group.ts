import { type Actor, actor, type Protocol, protocol } from '@troupe/core'

/** The columns of a row, or of a part of one. */
export type Columns = Readonly<Record<string, unknown>>

/** The parts of rows that one group of columns holds. */
export interface ColumnGroup {
  /** Null when the group knows nothing of the row. */
  get: (key: string) => Columns | null
  /** Sets the given columns and leaves the others as they are. */
  merge: (part: { readonly key: string; readonly columns: Columns }) => void
  /** @returns whether there was anything */
  delete: (key: string) => boolean
}

export const ColumnGroup: Protocol<ColumnGroup> = protocol<ColumnGroup>('column-group')

/** One group of columns, in memory only: a restart forgets it. */
export function columnGroup(): Actor<ColumnGroup> {
  return actor(ColumnGroup, () => {
    const rows = new Map<string, Columns>()
    return {
      get: (key) => rows.get(key) ?? null,
      merge: ({ key, columns }) => void rows.set(key, { ...rows.get(key), ...columns }),
      delete: (key) => rows.delete(key),
    }
  })
}

import { type Actor, actor, type Protocol, protocol, type Ref } from '@troupe/core'
import { answerLater } from '../answer-later.ts'
import type { ColumnSharding } from './column.ts'
import type { ColumnGroup, Columns } from './column-group.ts'
import { deadline, refsOf } from './sharded-store.ts'

/** A table of rows by key, split by column groups. */
export interface ColumnTable {
  /** Sets the named columns and leaves the others as they are. */
  put: (row: { readonly key: string; readonly columns: Columns }) => void
  /** The wanted columns; one without a value is null. Null as a whole when no asked group has the row. */
  project: (request: { readonly key: string; readonly columns: readonly string[] }) => Columns | null
  /** Deletes the row from all groups. */
  delete: (key: string) => void
}

export const ColumnTable: Protocol<ColumnTable> = protocol<ColumnTable>('column-table')

/**
 * A router in front of one {@link ColumnGroup} actor per group. A projection asks only the groups that hold a
 * wanted column, all at once.
 *
 * A row is written group by group: a reader may meet the new part of one group and the old one of another, and
 * a put that fails may have written some. There is no version that joins them yet.
 *
 * @param groups one ref for each of the strategy's groups, by name
 * @throws {InvalidOptionError} when a group has no ref, or a ref no group
 */
export function columnTable(
  strategy: ColumnSharding,
  groups: Readonly<Record<string, Ref<ColumnGroup>>>,
): Actor<ColumnTable> {
  const refs = refsOf('columnTable', strategy.groups, groups)
  return actor(ColumnTable, (ctx) => ({
    put: ({ key, columns }) => {
      const options = deadline(ctx)
      const parts = [...strategy.project(Object.keys(columns))].map(([group, names]) => {
        const part = Object.fromEntries(names.map((name) => [name, columns[name]]))
        return refs.get(group)!.ask('merge', { key, columns: part }, options())
      })
      return answerLater(ctx, Promise.all(parts).then(nothing))
    },
    project: ({ key, columns }) => {
      const options = deadline(ctx)
      const parts = [...strategy.project(columns).keys()].map((group) => refs.get(group)!.ask('get', key, options()))
      return answerLater(
        ctx,
        Promise.all(parts).then((found) => join(found, columns)),
      )
    },
    delete: (key) => {
      const options = deadline(ctx)
      const parts = [...refs.values()].map((ref) => ref.ask('delete', key, options()))
      return answerLater(ctx, Promise.all(parts).then(nothing))
    },
  }))
}

function nothing(): void {}

function join(parts: readonly (Columns | null)[], columns: readonly string[]): Columns | null {
  if (parts.every((part) => part === null)) return null
  const all: Columns = Object.assign({}, ...parts)
  return Object.fromEntries(columns.map((column) => [column, all[column] ?? null]))
}

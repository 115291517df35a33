import { InvalidOptionError } from '@troupe/core'

/**
 * Keeps groups of columns apart: what is read together lies together, and a read touches only the groups that
 * hold a wanted column. Each column belongs to one group; one that is named nowhere goes to the default group.
 */
export class ColumnSharding {
  readonly name = 'column'
  /** Names of all groups, in the order given. */
  readonly groups: readonly string[]
  readonly defaultGroup: string
  readonly #groupOf = new Map<string, string>()

  /**
   * @param groups the columns of each group
   * @param defaultGroup takes all other columns; may be one of the groups, or one of its own
   * @throws {InvalidOptionError} when a column is in two groups
   */
  constructor(groups: Readonly<Record<string, readonly string[]>>, defaultGroup: string) {
    for (const [group, columns] of Object.entries(groups)) {
      for (const column of columns) {
        const other = this.#groupOf.get(column)
        if (other !== undefined)
          throw new InvalidOptionError('ColumnSharding', 'groups', `disjoint: "${column}" is in "${other}" too`, group)
        this.#groupOf.set(column, group)
      }
    }
    this.defaultGroup = defaultGroup
    this.groups = [...new Set([...Object.keys(groups), defaultGroup])]
  }

  groupOf(column: string): string {
    return this.#groupOf.get(column) ?? this.defaultGroup
  }

  /** The wanted columns by the group that holds them: the groups to ask, and for what. */
  project(columns: readonly string[]): Map<string, string[]> {
    const byGroup = new Map<string, string[]>()
    for (const column of columns) {
      const group = this.groupOf(column)
      const wanted = byGroup.get(group)
      if (wanted === undefined) byGroup.set(group, [column])
      else wanted.push(column)
    }
    return byGroup
  }
}

import { InvalidOptionError, is, requireOptions } from '@troupe/core'

/** For which cluster an atlas keeps account. */
export interface DiskAtlasOptions {
  /** The nodes whose disks keep copies of the same data. */
  readonly nodes: readonly string[]
  /** How many of them always keep a good copy. Default: a majority. */
  readonly keepGood?: number
  /**
   * What counts as one copy. `node`: all that is on a disk, so that only a minority of the nodes is ever damaged. `file`,
   * `page`: what has the same name, and the same place in it, on each disk; more faults are found at once, and it is
   * right only where those hold the same data, as they do not in logs that are cut and written by each node for itself.
   * Default `node`.
   */
  readonly unit?: 'node' | 'file' | 'page'
}

/**
 * Which data is damaged on which disk of a cluster, so that no fault takes away the last copy that a majority needs:
 * then an acknowledged write that is lost was lost by the product. Faults that a product hears of at once, such as a
 * sync that fails, are not asked for here.
 */
export class DiskAtlas {
  readonly #nodes: readonly string[]
  readonly #most: number
  /** What counts as one thing that is damaged or not. */
  readonly unit: 'node' | 'file' | 'page'
  /** By unit, then by node: what is damaged, as `file/page`. */
  readonly #damaged = new Map<string, Map<string, Set<string>>>()
  readonly #lost = new Set<string>()

  /** @throws {UnknownOptionError | InvalidOptionError} */
  constructor(options: DiskAtlasOptions) {
    const required = { nodes: isNames }
    requireOptions('DiskAtlas', options, required, {
      keepGood: is.integer(1, Math.max(1, options?.nodes?.length ?? 1)),
      unit: is.oneOf('node', 'file', 'page'),
    })
    this.#nodes = [...options.nodes]
    this.#most = this.#nodes.length - (options.keepGood ?? Math.floor(this.#nodes.length / 2) + 1)
    this.unit = options.unit ?? 'node'
  }

  /**
   * Asks to damage pages of one file on one node, all or none of them, and counts them as damaged if it may be.
   *
   * @throws {InvalidOptionError} for a node that is none of the cluster
   */
  claim(node: string, file: string, pages: readonly number[]): boolean {
    this.#check('claim', node)
    const units = new Set(pages.map((page) => this.#unitOf(file, page)))
    for (const unit of units) if (this.#others(node, unit) >= this.#most) return false
    for (const page of pages) {
      const unit = this.#unitOf(file, page)
      const byNode = this.#damaged.get(unit) ?? new Map<string, Set<string>>()
      const damaged = byNode.get(node) ?? new Set<string>()
      this.#damaged.set(unit, byNode.set(node, damaged.add(`${file}/${page}`)))
    }
    return true
  }

  /** The page holds good data again, or none. */
  release(node: string, file: string, page: number): void {
    const unit = this.#unitOf(file, page)
    const byNode = this.#damaged.get(unit)
    const damaged = byNode?.get(node)
    damaged?.delete(`${file}/${page}`)
    if (damaged?.size === 0) byNode?.delete(node)
    if (byNode?.size === 0) this.#damaged.delete(unit)
  }

  /** Whether everything on a node's disk may be lost. */
  mayLose(node: string): boolean {
    this.#check('mayLose', node)
    if (this.#most === 0) return false
    return ['', ...this.#damaged.keys()].every((unit) => this.#others(node, unit) < this.#most)
  }

  /** Everything on a node's disk is lost, whether it may be or not: all of it counts as damaged until it is restored. */
  lose(node: string): void {
    this.#check('lose', node)
    this.#lost.add(node)
  }

  /** The product has brought a node that was lost up to date again. */
  restored(node: string): void {
    this.#lost.delete(node)
  }

  /** The nodes on which that page is damaged, in the order of the cluster. */
  damagedOn(file: string, page: number): string[] {
    const byNode = this.#damaged.get(this.#unitOf(file, page))
    return this.#nodes.filter((node) => this.#lost.has(node) || byNode?.has(node) === true)
  }

  /** How many other nodes have that unit damaged. */
  #others(node: string, unit: string): number {
    const byNode = this.#damaged.get(unit)
    return this.#nodes.filter((other) => other !== node && (this.#lost.has(other) || byNode?.has(other) === true))
      .length
  }

  #unitOf(file: string, page: number): string {
    return this.unit === 'node' ? 'node' : this.unit === 'file' ? file : `${file}/${page}`
  }

  #check(where: string, node: string): void {
    if (!this.#nodes.includes(node))
      throw new InvalidOptionError(`atlas.${where}`, 'node', `one of ${this.#nodes.join(', ')}`, node)
  }
}

function isNames(value: unknown): string | null {
  return Array.isArray(value) && value.length > 0 ? null : 'a list of at least one name'
}

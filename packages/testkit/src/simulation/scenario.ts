/** Interim: the part that the explorer needs. */
export interface Scenario {
  readonly name: string
  readonly nodes: number | readonly string[]
  readonly durationMs?: number
  readonly clients?: number
  start(node: object): void
}

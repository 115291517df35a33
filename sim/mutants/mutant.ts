/** A bug that a good engineer could have written: data, planted into a test build only. */
export interface Mutant {
  /** For reports, and to switch it on: `drop-oldest-drops-newest`. */
  readonly name: string
  /** The source it is planted in, from the root of the repository. */
  readonly file: string
  /**
   * The text it replaces. It occurs in the file exactly once, or `within` does and has it exactly once; and it shares
   * no character with that of another mutant.
   */
  readonly find: string
  /** A part of the file around `find`, where that alone occurs more often. */
  readonly within?: string
  /** What stands there when it is switched on. */
  readonly replace: string
  /**
   * What `find` is. An `expression` becomes `(on ? (replace) : (find))`, so it must not be assigned to, nor begin a
   * line. A `statement`, or several, becomes `if (on) { replace } else { find }`, so it must declare nothing that is
   * used behind it.
   */
  readonly form: 'expression' | 'statement'
  /** Name of the scenario that is to find it. */
  readonly scenario: string
  /** Which promise it breaks, and how somebody comes to write it. */
  readonly why: string
}

declare global {
  /** Name of the mutant that is switched on in this process; read by planted code only. */
  var troupePlanted: string | undefined
}

/** Switches one mutant of a planted build on and all others off; null switches all off, as at the start. */
export function setPlanted(name: string | null): void {
  globalThis.troupePlanted = name ?? undefined
}

/** What becomes of a singleton on this node, as system events. */
export type SingletonEvent =
  /** It runs here from now on. */
  | { readonly type: 'singleton-started'; readonly singleton: string; readonly fence: number }
  /**
   * It runs here no more.
   *
   * - `handed-over`: another node may start it
   * - `gave-up`: it has spent its restarts or stopped by itself, and this run of the node never hosts it again
   */
  | {
      readonly type: 'singleton-stopped'
      readonly singleton: string
      /** The last one it had. */
      readonly fence: number
      readonly reason: 'handed-over' | 'gave-up'
    }

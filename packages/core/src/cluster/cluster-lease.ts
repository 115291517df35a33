/**
 * Something that one owner at most has at a time, outside of the cluster: a row of a database, an object of Kubernetes, a
 * file on a shared disk. It ends by itself when it is not renewed. What it must hold to: whenever it has said yes to one
 * owner, it says no to all others until that one has released it, or has not been heard for its time to live.
 */
export interface ClusterLease {
  /**
   * Takes it, or takes it again for as long.
   *
   * @param owner uid of a node
   * @param ttlMs how long `owner` has it if nothing more is heard of that one
   * @returns whether `owner` has it now; rejects when nobody can tell
   */
  acquire(owner: string, ttlMs: number): Promise<boolean>
  /**
   * Keeps it for as long again.
   *
   * @returns false when `owner` has it no more; rejects when nobody can tell
   */
  renew(owner: string, ttlMs: number): Promise<boolean>
  /** Gives it up; does nothing if another one has it. */
  release(owner: string): Promise<void>
}

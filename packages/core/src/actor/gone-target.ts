import type { CellHost, LocalTarget } from './cell-host.ts'
import { LocalRef } from './local-ref.ts'
import { type Head, nameOf, originOf } from './origin.ts'
import type { ActorRef } from './ref.ts'
import type { Watcher } from './watcher.ts'

/** Stands where an actor stood that a ref from abroad still names. */
export class GoneTarget implements LocalTarget {
  readonly host: CellHost
  readonly uid: number
  readonly path: string

  constructor(host: CellHost, uid: number, path: string) {
    this.host = host
    this.uid = uid
    this.path = path
  }

  get ref(): ActorRef<never> {
    return new LocalRef<never>(this)
  }

  enqueue(head: Head, payload: unknown): boolean {
    this.host.undelivered('stale-ref', this.path, nameOf(head), payload, originOf(head))
    return true
  }

  offer(): 'stale-ref' {
    return 'stale-ref'
  }

  waitForRoom(): void {}

  addWatcher(watcher: Watcher): void {
    watcher.terminated('not-found')
  }

  removeWatcher(): void {}
  fail(): void {}
  markKnown(): void {}
}

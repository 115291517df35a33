import {
  type Actor,
  type AnyRef,
  actor,
  type Context,
  type Deferred,
  type Forwarded,
  InvalidOptionError,
  type Message,
  type Protocol,
  type Ref,
  requireOptions,
  type Terminated,
} from '@troupe/core'
import type { AnyProtocol } from '../relay.ts'
import { Router, type RouterControl, type RouterOptions, type RouterReport, routerChecks } from './router.ts'
import { isChoice } from './strategy.ts'
import { areTargets, isProtocol, isWeightedTarget, type TargetControl, type WeightedTarget } from './target-set.ts'

/** How a group chooses. */
export interface GroupOptions extends RouterOptions {}

/** Refs, with weights or without, or whoever is registered under a protocol, here and on connected nodes. */
export type GroupTargets<P> = readonly (Ref<P> | WeightedTarget<P>)[] | { readonly follow: Protocol<P> }

/** What a group answers besides its routees' protocol. */
export interface GroupControl<P> extends RouterControl<P>, TargetControl<P> {}

interface Inner extends GroupControl<AnyProtocol> {
  $followed: (refs: readonly Ref<AnyProtocol>[]) => void
  $ended: (notice: Terminated) => void
}

/**
 * A router over actors that others have started. It speaks their protocol, and hands each message to one of them as
 * it comes, with its asker. One that ends leaves, and is gone until it is added, or registered, again.
 *
 * Without routees asks fail at once with NO_ROUTEES and tells become dead letters. Nothing is queued or tried
 * again: what was given to a routee that then ends is lost with it. Where that matters, use `balancer`.
 *
 * @throws {InvalidOptionError | UnknownOptionError}
 */
export function group<P>(targets: GroupTargets<P>, options: GroupOptions): Actor<P & GroupControl<P>>
export function group(targets: GroupTargets<AnyProtocol>, options: GroupOptions): Actor<GroupControl<AnyProtocol>> {
  const follow = checkTargets(targets)
  requireOptions('group', options, { strategy: isChoice }, routerChecks)
  const token: Protocol<Inner> = { id: follow?.id ?? 'group' }
  return actor(token, (ctx) => new Group(ctx, targets, options))
}

/** @returns the protocol to follow, or null */
function checkTargets(targets: GroupTargets<AnyProtocol>): Protocol<AnyProtocol> | null {
  if (typeof targets === 'object' && targets !== null && 'follow' in targets) {
    requireOptions('group targets', targets, { follow: isProtocol })
    return targets.follow
  }
  const expected = areTargets(targets)
  if (expected !== null) throw new InvalidOptionError('group', 'targets', `${expected}, or { follow }`, targets)
  return null
}

class Group {
  readonly #router: Router

  constructor(ctx: Context<Inner>, targets: GroupTargets<AnyProtocol>, options: GroupOptions) {
    if (!('follow' in targets)) {
      this.#router = new Router(ctx, options, null)
      for (const target of targets) this.$add('ref' in target ? target : { ref: target })
      return
    }
    ctx.subscribe(targets.follow, '$followed')
    const listing = ctx.spawn(listingOf(targets.follow), { name: 'listing' })
    this.#router = new Router(ctx, options, async () => {
      this.$followed(await listing.ask('refs'))
      ctx.stop(listing)
    })
  }

  unhandled(name: string, payload: unknown): unknown {
    return this.#router.route(name, payload)
  }

  $broadcast(message: Message<AnyProtocol>): number | Promise<number> | Forwarded {
    return this.#router.broadcast(message)
  }

  $report(): RouterReport | Promise<RouterReport> {
    return this.#router.report()
  }

  $add(target: WeightedTarget<AnyProtocol>): unknown {
    const expected = isWeightedTarget(target)
    if (expected === null) return this.#router.targets.add(target.ref, target.weight ?? 1)
    return this.#router.refuse('$add', new InvalidOptionError('$add', 'target', expected, target))
  }

  $remove(ref: AnyRef): void {
    this.#router.targets.remove(ref)
  }

  $followed(refs: readonly Ref<AnyProtocol>[]): void {
    this.#router.targets.follow(refs)
  }

  $ended({ ref }: Terminated): void {
    this.#router.targets.drop(ref)
  }
}

interface Listing {
  refs: () => readonly Ref<AnyProtocol>[]
}

/**
 * Finds out for a group who is registered already. The group is told that too, but behind what it was sent first;
 * asked of another actor, the answer is there before that is handled.
 */
function listingOf(follow: Protocol<AnyProtocol>): Actor<Listing> {
  const token: Protocol<Listing & { listed: (refs: readonly Ref<AnyProtocol>[]) => void }> = { id: 'listing' }
  return actor(token, (ctx) => {
    let known: readonly Ref<AnyProtocol>[] | null = null
    let asked: Deferred<readonly Ref<AnyProtocol>[]> | null = null
    ctx.subscribe(follow, 'listed')
    return {
      refs: () => {
        if (known !== null) return known
        asked = ctx.reply()
        return asked
      },
      listed: (refs) => {
        known = refs
        asked?.resolve(refs)
      },
    }
  })
}

import type { Ref } from '../actor/ref.ts'
import { InvalidOptionError } from '../errors.ts'
import { oneForOne } from '../supervision/one-for-one.ts'
import type { ActorSystem } from '../system/actor-system.ts'
import { LocalSystem } from '../system/local-system.ts'
import { singletonManager } from './singleton-manager.ts'
import { checkSingletonOptions, type SingletonOptions } from './singleton-options.ts'
import { SingletonRoute, singletonProxy } from './singleton-proxy.ts'
import type { SingletonManager } from './singleton-talk.ts'

/**
 * An actor of which the cluster has one: on the oldest member that is up, of a role if one is given. Call it on every
 * node, right after `createSystem`: a node that does not keeps the others from starting it.
 *
 * What a host does to a resource it does with its fencing token, as it may have been paused, and be replaced already:
 * `fenced` of `@troupe/strategies/failover` refuses older ones.
 *
 * ```ts
 * const jobs = singleton(system, { name: 'jobs', service: (fence) => scheduler(fence) })
 * jobs.tell('run', 'backup')
 * ```
 * @returns tells and asks it from this node, wherever it runs. While nobody hosts it, messages wait here
 * @throws {UnknownOptionError | InvalidOptionError} also for a system without the option `membership`
 * @throws {NameTakenError} when this node has one of that name
 */
export function singleton<P>(system: ActorSystem, options: SingletonOptions<P>): Ref<P> {
  const settings = checkSingletonOptions(options)
  if (!(system instanceof LocalSystem) || system.members.length === 0)
    throw new InvalidOptionError('singleton', 'system', 'a system with the option membership', system)
  const { name, handOverMs, bufferMessages, bufferBytes } = settings
  const route = new SingletonRoute()
  // No name of a singleton makes one of its two actors that of another's.
  const proxyName = `to-singleton-${name}`
  const target = `/user/${proxyName}`
  const buffer = {
    ...{ name, bufferMessages, bufferBytes, cbor: system.cbor },
    lost: (reason: 'mailbox-full', message: string, payload: unknown) =>
      system.undelivered(reason, target, message, payload, null),
  }
  const supervise = oneForOne()
  const proxy = system.spawn<never>(singletonProxy(route, buffer), { name: proxyName, supervise })
  const post = { system, route, proxy }
  const manager = system.spawn<SingletonManager>(singletonManager(settings, post), {
    name: `singleton-${name}`,
    supervise,
  })
  system.onStop('before-stop', `singleton ${name}`, async () => {
    // Whatever becomes of it, the stop goes on.
    await manager.ask('leave', undefined, { timeoutMs: 2 * handOverMs }).catch(() => {})
  })
  return proxy
}

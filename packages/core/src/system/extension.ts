import type { ActorSystem, Extension } from './actor-system.ts'

/**
 * Defines something that a system has once, made when it is first asked for: a pool, a metrics registry.
 *
 * ```ts
 * const Metrics = extension('metrics', (system) => new Registry(system.name), (registry) => registry.flush())
 * system.extension(Metrics).count('orders')
 * ```
 * @param id for messages only: two definitions are two extensions, whatever their ids
 * @param create may ask the system for other extensions; what it throws, whoever asked gets
 * @param close ends it at the end of the stop, the last one made first; default: nothing
 */
export function extension<T>(
  id: string,
  create: (system: ActorSystem) => T,
  close: ((instance: T) => void | Promise<void>) | null = null,
): Extension<T> {
  return { id, create, close }
}

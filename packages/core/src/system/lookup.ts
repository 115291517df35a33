import type { Cell } from '../actor/cell.ts'
import { ActorRef, type AnyRef } from '../actor/ref.ts'
import { InvalidOptionError } from '../errors.ts'

/** The actor at a path. */
export function actorAt(root: Cell, path: string): Cell | null {
  let cell: Cell | null = root
  for (const name of path.split('/')) if (name !== '') cell = cell?.child(name) ?? null
  return cell
}

/**
 * The actor of this node behind a ref; null when it has ended.
 *
 * @throws {InvalidOptionError} for an actor of another node
 */
export function livingActor(root: Cell, where: string, ref: AnyRef): Cell | null {
  if (!(ref instanceof ActorRef) || ref.nodeUid !== root.host.uid) {
    throw new InvalidOptionError(where, 'ref', 'a ref to an actor of this node', ref)
  }
  const cell = actorAt(root, ref.path)
  return cell?.ref.id === ref.id ? cell : null
}

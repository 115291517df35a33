import type { Runtime } from './runtime.ts'

/** Each in a module of its own, so that a process holds the code of one runtime only. */
const LOADERS: Record<string, () => Promise<{ readonly runtime: Runtime }>> = {
  troupe: () => import('./troupe/index.ts'),
  bare: () => import('./bare/index.ts'),
  nact: () => import('./peers/nact.ts'),
  comedy: () => import('./peers/comedy.ts'),
  xstate: () => import('./peers/xstate.ts'),
  effect: () => import('./peers/effect.ts'),
  writable: () => import('./peers/writable.ts'),
}

export async function load(name: string): Promise<Runtime> {
  const { runtime } = await LOADERS[name]!()
  return runtime
}

import type { Runtime } from './runtime.ts'

/** Each in a module of its own, so that a process holds the code of one runtime only. */
const LOADERS: Record<string, () => Promise<{ readonly runtime: Runtime }>> = {
  troupe: () => import('./runtimes/troupe.ts'),
  raw: () => import('./runtimes/raw.ts'),
  ceiling: () => import('./runtimes/ceiling.ts'),
  comedy: () => import('./runtimes/comedy.ts'),
}

export async function load(name: string): Promise<Runtime> {
  const { runtime } = await LOADERS[name]!()
  return runtime
}

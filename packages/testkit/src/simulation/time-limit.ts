import { LivelockError } from './simulation-error.ts'

interface Script {
  runInContext(context: object, options: { readonly timeout: number }): unknown
}

/** What of Node's `vm` is needed: of all that JavaScript can call, it alone cuts off what does not come to an end. */
interface Vm {
  createContext(globals: object): object
  readonly Script: new (code: string) => Script
}

const vm = (process as { getBuiltinModule?: (id: string) => unknown }).getBuiltinModule?.('vm') as Vm | undefined
const call: { run: () => unknown } = { run: () => undefined }
/** Made when first needed: 0.5 ms. */
let context: object | null = null
let script: Script | null = null

/**
 * Does `work`, and cuts it off when it takes longer than `limitMs` of real time, in the midst of a loop or of promise jobs
 * that wake one another for ever. What is cut off just ends: no `catch` of its own sees it, no `finally` runs. Costs
 * 0.1 ms. Where the host has no such means, nothing is cut off.
 *
 * @throws {LivelockError} when it was cut off
 */
export function withinTime<T>(limitMs: number, work: () => T): T {
  if (vm === undefined || limitMs === Number.POSITIVE_INFINITY) return work()
  context ??= vm.createContext(call)
  script ??= new vm.Script('run()')
  call.run = work
  try {
    return script.runInContext(context, { timeout: limitMs }) as T
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
    throw new LivelockError(`a turn that has not ended within ${limitMs} ms of real time`)
  } finally {
    call.run = () => undefined
  }
}

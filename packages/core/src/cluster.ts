export { singleton } from './singleton/singleton.ts'
export { SingletonBufferFullError } from './singleton/singleton-buffer-full.ts'
export type { SingletonEvent } from './singleton/singleton-event.ts'
export type { SingletonOptions } from './singleton/singleton-options.ts'

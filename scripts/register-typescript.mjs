// Teaches this thread TypeScript, on a Node that cannot strip types by itself (before 22.18).
// `--import` of it reaches a process's main thread only; AVA requires it inside each of its worker threads.
// No top-level await here: AVA loads this file by require().
import { register } from 'node:module'

register('./strip-types.mjs', import.meta.url)

// Teaches AVA's worker threads TypeScript on a Node that cannot strip types by itself (before 22.18).
// `--import=tsx` does not reach worker threads; a module that AVA requires inside each of them does.
// No top-level await here: AVA loads this file by require().
import { register as registerHooks } from 'node:module'
import { register } from 'tsx/esm/api'

register()
// Asked before tsx, as it comes after it.
registerHooks('./typescript-hooks.mjs', import.meta.url)

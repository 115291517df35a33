import { nodeOptions } from './scripts/run-typescript.mjs'

/** What needs a real browser: `npm run test:browser`. Its files start processes, which get their options from here. */
export default {
  files: ['examples/**/*.browser.ts'],
  extensions: { ts: 'module' },
  nodeArguments: nodeOptions,
  workerThreads: false,
  timeout: '60s',
}

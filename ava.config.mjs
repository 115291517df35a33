import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'

// Node 22.18 and later strip types by themselves, and warn about it.
const stripsTypes = Boolean(process.features.typescript)

const STARTS_PROCESSES =
  /scripts\/(test|readme)\.test|file-system\/main\.test|transport-ws\/src\/remoting\.test|examples\.test|sim\/sim\.test|bench\.test/

export default {
  files: [
    'packages/*/src/**/*.test.ts',
    'examples/**/*.test.ts',
    'bench/**/*.test.ts',
    'sim/**/*.test.ts',
    'scripts/*.test.ts',
  ],
  extensions: { ts: 'module' },
  // Those that start processes take longest: begun first, they do not keep one core waiting at the end.
  sortTestFiles: (a, b) => Number(STARTS_PROCESSES.test(b)) - Number(STARTS_PROCESSES.test(a)) || a.localeCompare(b),
  // One more than cores: files that start processes wait for them most of their time, for graces and greetings.
  concurrency: availableParallelism() + 1,
  // Packages resolve to their sources, so tests need no build.
  nodeArguments: ['--conditions=@troupe/source', ...(stripsTypes ? ['--disable-warning=ExperimentalWarning'] : [])],
  require: [...(stripsTypes ? [] : ['register-tsx.mjs']), 'property-runs.mjs'].map((file) =>
    fileURLToPath(new URL(`scripts/${file}`, import.meta.url)),
  ),
  // AVA_PROCESSES=1: for a test that needs process.chdir or signals, which worker threads lack.
  workerThreads: process.env.AVA_PROCESSES !== '1',
  // Time without any test ending, in all files; generous, because CI machines stall.
  timeout: '60s',
  // CI services that set node-index variables would otherwise run a part of the files only.
  utilizeParallelBuilds: false,
}

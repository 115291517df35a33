import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'

/** The options that let Node run a TypeScript file of this workspace; also what a program gives to its own children. */
export const nodeOptions = [
  '--conditions=@troupe/source',
  ...(process.features.typescript
    ? ['--disable-warning=ExperimentalWarning']
    : [`--import=${import.meta.resolve('tsx')}`]),
]

/** Runs the file in a child process and ends as it ends: same exit status, and 128 + n after a signal. */
export function run(file, args) {
  if (!existsSync(file)) {
    console.error(`there is no file ${file}`)
    process.exit(2)
  }
  const child = spawn(process.execPath, [...nodeOptions, file, ...args], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // Ctrl-C reaches the whole process group: the child has it already, and a second one would cut its farewell short.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  }
  child.on('error', (error) => {
    console.error(`cannot start ${process.execPath}: ${error.message}`)
    process.exit(1)
  })
  child.on('exit', (status, signal) => process.exit(status ?? 128 + (constants.signals[signal] ?? 0)))
}

import { pathToFileURL } from 'node:url'
import { format } from 'node:util'

let last: Promise<unknown> = Promise.resolve()

/**
 * Runs a program in this thread and returns what it has printed by `console.log` when its top level is done. A process
 * for each would load Node, tsx and the packages anew: 0.6 s of CPU. One at a time, because there is one console, and
 * once per file and thread, as modules run once.
 *
 * @throws what the program throws at its top level
 */
export function printed(file: string): Promise<string> {
  const mine = last.then(() => capture(() => import(pathToFileURL(file).href)))
  last = mine.catch(() => {})
  return mine
}

async function capture(run: () => Promise<unknown>): Promise<string> {
  const { log } = console
  let text = ''
  console.log = (...values: unknown[]) => {
    text += `${format(...values)}\n`
  }
  try {
    await run()
  } finally {
    console.log = log
  }
  return text
}

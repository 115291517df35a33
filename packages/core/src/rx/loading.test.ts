import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test from 'ava'

const run = promisify(execFile)

/** In a process of its own: which modules of rxjs are loaded after each import, one after the other. */
async function rxjsLoadedBy(entries: readonly string[]): Promise<string[][]> {
  const runTypescript = new URL('../../../../scripts/run-typescript.mjs', import.meta.url)
  const { nodeOptions } = (await import(runTypescript.href)) as { readonly nodeOptions: readonly string[] }
  // Node takes the CommonJS build of rxjs, even for an import: what is loaded stands in the cache of require.
  const script = `
    import { createRequire } from 'node:module'
    const found = []
    for (const entry of ${JSON.stringify(entries)}) {
      await import(entry)
      const loaded = Object.keys(createRequire(import.meta.url).cache)
      found.push(loaded.filter((file) => /[\\\\/]rxjs[\\\\/]/.test(file)))
    }
    console.log(JSON.stringify(found))`
  // Below core, where both entries resolve as they do for a user.
  const cwd = fileURLToPath(new URL('../../../../examples', import.meta.url))
  const { stdout } = await run(process.execPath, [...nodeOptions, '--input-type=module', '--eval', script], { cwd })
  return JSON.parse(stdout) as string[][]
}

test('importing @troupe/core loads nothing of rxjs, importing @troupe/core/rx does', async (t) => {
  const [core, rx] = await rxjsLoadedBy(['@troupe/core', '@troupe/core/rx'])

  t.deepEqual(core, [])
  t.true(rx!.length > 0)
})

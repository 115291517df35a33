// Loads the workspace's TypeScript in the threads of AVA; what lies elsewhere is left to tsx.
//
// tsx asks esbuild to keep names, which costs a call of Object.defineProperty for each function that is made: 6 % of the
// CPU time of tests that simulate. Nothing here is minified, so that functions have their names by themselves.
import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = new URL('../', import.meta.url)
const cache = fileURLToPath(new URL('node_modules/.cache/troupe/typescript/', root))
const { version } = JSON.parse(await readFile(new URL('node_modules/esbuild/package.json', root), 'utf8'))
const OPTIONS = {
  loader: 'ts',
  format: 'esm',
  target: 'node20',
  sourcemap: 'inline',
  sourcesContent: false,
  logLevel: 'silent',
  // As in tsconfig.base.json, as far as code depends on it.
  tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
}

export async function load(url, context, nextLoad) {
  if (!url.startsWith(root.href) || !url.endsWith('.ts') || url.includes('/node_modules/'))
    return nextLoad(url, context)
  return { format: 'module', shortCircuit: true, source: await javaScript(fileURLToPath(url)) }
}

/** From the cache, which has one file for each source and ends it with what it was made from. */
async function javaScript(path) {
  const source = await readFile(path)
  const file = join(cache, `${hash(path)}.mjs`)
  const stamp = `// ${hash(`${version} ${JSON.stringify(OPTIONS)} ${source}`)}\n`
  const cached = await readFile(file, 'utf8').catch(() => '')
  if (cached.endsWith(stamp)) return cached
  // Not loaded where all is in the cache.
  const { transform } = await import('esbuild')
  const { code } = await transform(source, { ...OPTIONS, sourcefile: path })
  await mkdir(cache, { recursive: true })
  // Others may read it at any moment.
  const draft = `${file}.${process.pid}.${Math.random()}`
  await writeFile(draft, code + stamp)
  await rename(draft, file)
  return code
}

function hash(text) {
  return createHash('sha1').update(text).digest('hex')
}

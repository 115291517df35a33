import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import type { Bench, Report } from '../bench.ts'

/** What a page may have to load, in bytes of gzip; above it the bench fails, so that nothing grows unseen. */
const MOST_BYTES = 53 * 1024

/** How large `peer.ts` is as a page would load it, and what it is made of. */
export const bundleSize: Bench = {
  name: 'bundle',
  about: 'bytes a page loads to be a node: core and the transport for browsers, minified and gzipped, by part',
  rounds: 1,
  run: async () => report(await measure()),
}

interface Size {
  readonly gzipBytes: number
  readonly minifiedBytes: number
  /** Minified bytes by part, the largest first. */
  readonly parts: Readonly<Record<string, number>>
  /** What it is bundled from, by path. */
  readonly inputs: readonly string[]
}

/** Fails for anything that a browser does not have. */
async function measure(): Promise<Size> {
  const { metafile, outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('peer.ts', import.meta.url))],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    conditions: ['@troupe/source'],
    metafile: true,
    write: false,
    logLevel: 'error',
  })
  const { contents } = outputFiles[0]!
  const inputs = Object.entries(Object.values(metafile.outputs)[0]!.inputs)
  const parts = new Map<string, number>()
  for (const [path, { bytesInOutput }] of inputs)
    parts.set(partOf(path), (parts.get(partOf(path)) ?? 0) + bytesInOutput)
  return {
    // Without the time that some put into its header.
    gzipBytes: gzipSync(contents, { level: 9 }).length,
    minifiedBytes: contents.length,
    parts: Object.fromEntries([...parts].sort(([, a], [, b]) => b - a)),
    inputs: inputs.map(([path]) => path),
  }
}

/** `core/remoting`, `transport-ws`, or the name of a dependency. */
function partOf(path: string): string {
  const dependency = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]
  if (dependency !== undefined) return dependency
  const [, name, folder] = /packages\/([^/]+)\/src\/(?:([^/]+)\/)?/.exec(path) ?? []
  if (name === undefined) return 'the program'
  return name === 'core' ? `core/${folder ?? '*.ts'}` : name
}

function report(size: Size): Report {
  const { gzipBytes, minifiedBytes, parts } = size
  const width = Math.max(...Object.keys(parts).map((part) => part.length))
  const line = (part: string, bytes: number): string =>
    `${part.padEnd(width)} ${String(bytes).padStart(8)} ${((100 * bytes) / minifiedBytes).toFixed(1).padStart(5)} %`
  const text = [
    `${(gzipBytes / 1024).toFixed(1)} KiB of gzip, ${(minifiedBytes / 1024).toFixed(1)} KiB minified; by part, in bytes minified:`,
    ...Object.entries(parts).map(([part, bytes]) => line(part, bytes)),
  ].join('\n')
  const failed = `${gzipBytes} bytes are more than the ${MOST_BYTES} that a page may have to load`
  return { json: size, text, ...(gzipBytes > MOST_BYTES ? { failed } : {}) }
}

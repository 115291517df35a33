import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

export interface Servers {
  /** Of the page. */
  readonly url: string
  /** Ends a server as a loss of power would. */
  kill(name: string): Promise<void>
  stop(): Promise<void>
}

/**
 * Starts the servers `a` and `b`, each a process, and a web server for the page.
 *
 * @param port of the page; 0 is any free one
 * @param graceMs how long a server or a tab may be out of reach before it counts as gone
 */
export async function startServers({ port, graceMs }: { port: number; graceMs: number }): Promise<Servers> {
  const page = await bundlePage()
  const addresses: string[] = []
  const web = createServer((request, response) => {
    const file = files(page, { servers: addresses, graceMs }).get(request.url?.replace(/\?.*/, '') ?? '')
    response.writeHead(file === undefined ? 404 : 200, { 'content-type': file?.type ?? 'text/plain', ...SAFE })
    response.end(file?.text ?? 'not found\n')
  })
  const url = await listen(web, port)
  const processes = new Map<string, ChildProcess>()
  for (const name of ['a', 'b']) {
    const child = fork(fileURLToPath(new URL('server-process.ts', import.meta.url)), [name, url, String(graceMs)])
    processes.set(name, child)
    const [address] = await Promise.race([once(child, 'message'), once(child, 'exit').then(() => [null])])
    if (address === null) throw new Error(`server ${name} ended at its start`)
    for (const other of addresses) child.send(other)
    addresses.push(String(address))
  }
  const kill = async (name: string): Promise<void> => {
    const child = processes.get(name)
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  return {
    url,
    kill,
    stop: async () => {
      web.closeAllConnections()
      web.close()
      await Promise.all(Array.from(processes.keys(), kill))
    },
  }
}

/** Scripts of this page only, and no code made of strings. */
const SAFE = { 'content-security-policy': "default-src 'self'; connect-src 'self' ws:" }

interface File {
  readonly type: string
  readonly text: string
}

function files(page: string, settings: object): ReadonlyMap<string, File> {
  return new Map([
    ['/', { type: 'text/html', text: readFileSync(new URL('page/index.html', import.meta.url), 'utf8') }],
    ['/page.js', { type: 'text/javascript', text: page }],
    ['/settings.json', { type: 'application/json', text: JSON.stringify(settings) }],
  ])
}

async function bundlePage(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('page/page.ts', import.meta.url))],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    conditions: ['@troupe/source'],
    write: false,
  })
  return outputFiles[0]!.text
}

async function listen(server: Server, port: number): Promise<string> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : port}`
}

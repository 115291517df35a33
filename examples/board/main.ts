/** A board that several people write on: two server processes, and each tab is a node. `npm run example -- board`. */
import { startServers } from './servers.ts'

const { url, stop } = await startServers({ port: Number(process.argv[2] ?? 8080), graceMs: 10_000 })
console.log(`open ${url}/?name=Ada in one tab and ${url}/?name=Grace in another; Ctrl-C ends it`)
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void stop().then(() => process.exit(0)))

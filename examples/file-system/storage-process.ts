// One storage node as a process of its own: `storage-process.ts NODE FOLDER GRACE_MS`.
import { webSocketTransport } from '@troupe/transport-ws'
import { runChild } from './child-process-main.ts'
import { startStorageNode } from './storage-node.ts'

const [node = '', folder = '', graceMs = ''] = process.argv.slice(2)

await runChild(async () => {
  const timing = { disconnectGraceMs: Number(graceMs) }
  const system = await startStorageNode({ node, folder, transport: webSocketTransport({ port: 0 }), timing })
  return { system, stop: () => system.stop() }
})

// The gateway as a process of its own: `gateway-process.ts SIZE PORT GRACE_MS`.
import { webSocketTransport } from '@troupe/transport-ws'
import { runChild } from './child-process-main.ts'
import { startGatewayNode } from './gateway-node.ts'

const [size = '', port = '', graceMs = ''] = process.argv.slice(2)

await runChild(async () => {
  const { system, gateway, stop } = await startGatewayNode({
    transport: webSocketTransport({ port: 0 }),
    size: Number(size),
    port: Number(port),
    disconnectGraceMs: Number(graceMs),
  })
  return { system, url: gateway.url, stop }
})

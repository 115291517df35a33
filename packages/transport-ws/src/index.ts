export type { WebSocketCounters } from './counters.ts'
export type { TlsOptions } from './tls.ts'
export { type WebSocketTransport, type WebSocketTransportOptions, webSocketTransport } from './web-socket-transport.ts'

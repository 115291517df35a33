export { type WebSocketTransportOptions, webSocketTransport } from './web-socket-transport.ts'

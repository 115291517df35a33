export { type BrowserTransportOptions, browserTransport } from './browser/browser-transport.ts'
export type { PlatformSocket, PlatformSocketClass } from './browser/platform-socket.ts'

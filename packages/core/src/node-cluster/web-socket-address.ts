import { is, type OptionCheck } from '../options.ts'

/** What the addresses of nodes have in common. */
export interface AddressOptions {
  /** `wss` where the nodes have certificates. Default `ws`. */
  readonly scheme?: 'ws' | 'wss'
  /** The path at which they listen. Default none. */
  readonly path?: string
}

export const addressChecks: Readonly<Record<keyof AddressOptions, OptionCheck>> = {
  scheme: is.oneOf('ws', 'wss'),
  path: (value) => (typeof value === 'string' && /^\/[^?#\s]*$/.test(value) ? null : 'a path that starts with /'),
}

export function webSocketAddress({ scheme = 'ws', path = '' }: AddressOptions, host: string, port: number): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}${path === '/' ? '' : path}`
}

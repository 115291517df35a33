import { createSecureContext } from 'node:tls'
import { checkOptions, InvalidOptionError, is, type OptionCheck } from '@troupe/core'

/** Certificates of a node, each as PEM: text or bytes. The same serve when it listens and when it dials. */
export interface TlsOptions {
  /** The certificate of this node, with those between it and the root. Needed to listen. */
  readonly cert?: string | Uint8Array
  /** The private key of `cert`. */
  readonly key?: string | Uint8Array
  /** What `key` is encrypted with. Default: nothing. */
  readonly passphrase?: string
  /** The roots that others are trusted by, in place of those that come with Node. Needed for `requestClientCert`. */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[]
  /** Whether only who has a certificate of `ca` may dial. Default false. */
  readonly requestClientCert?: boolean
}

const checks: Readonly<Record<keyof TlsOptions, OptionCheck>> = {
  cert: pem,
  key: pem,
  // Not here: the message would show it.
  passphrase: is.anything,
  ca: (value) =>
    Array.isArray(value) && value.length > 0 && value.every((one) => pem(one) === null) ? null : pem(value),
  requestClientCert: is.boolean,
}

/**
 * Checks certificates before anything uses them.
 *
 * @param listens whether they are for a listener too
 * @throws {UnknownOptionError | InvalidOptionError} which show no key
 */
export function checkTls(tls: TlsOptions, listens: boolean): void {
  checkOptions('webSocketTransport.tls', tls, checks)
  if (tls.passphrase !== undefined && typeof tls.passphrase !== 'string')
    throw invalid(tls, 'given a passphrase as text')
  if ((tls.cert === undefined) !== (tls.key === undefined))
    throw invalid(tls, 'given with both "cert" and "key", or neither')
  if (listens && tls.cert === undefined) throw invalid(tls, 'given with "cert" and "key" to listen')
  // Without roots of its own, it would let in everybody for whom any of the world's authorities vouches.
  if (tls.requestClientCert === true && tls.ca === undefined)
    throw invalid(tls, 'given with "ca" for "requestClientCert"')
  try {
    createSecureContext(contextOf(tls))
  } catch (error) {
    throw invalid(tls, `certificates that can be used (${error instanceof Error ? error.message : String(error)})`)
  }
}

/** What Node wants to know, when listening and when dialling. */
export function contextOf({ cert, key, passphrase, ca }: TlsOptions): object {
  const all = { cert: buffer(cert), key: buffer(key), passphrase, ca: Array.isArray(ca) ? ca.map(buffer) : buffer(ca) }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

function buffer(value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value) : value
}

function pem(value: unknown): string | null {
  const isOne = value instanceof Uint8Array ? value.length > 0 : typeof value === 'string' && value !== ''
  return isOne ? null : 'PEM, as a text or bytes'
}

function invalid(tls: TlsOptions, expected: string): InvalidOptionError {
  return new InvalidOptionError('webSocketTransport', 'tls', expected, tls)
}

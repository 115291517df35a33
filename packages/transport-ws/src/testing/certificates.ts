import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** An authority, and a certificate of it for 127.0.0.1 and localhost with its key, as PEM. */
export interface Certificates {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/**
 * New ones, by the `openssl` command: Node makes keys and signs no certificates.
 *
 * @returns null where that command is missing, or older than 3
 */
export function makeCertificates(): Certificates | null {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-certificates-'))
  const path = (name: string): string => join(folder, name)
  const make = (name: string, ...more: readonly string[]): void => {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', path(`${name}.key`)]
    const out = ['-out', path(`${name}.pem`), '-subj', `/CN=${name}`, '-days', '2']
    execFileSync('openssl', ['req', '-x509', ...key, ...out, ...more], { stdio: 'ignore' })
  }
  try {
    make('ca')
    const signed = ['-CA', path('ca.pem'), '-CAkey', path('ca.key')]
    make('node', ...signed, '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost')
    const read = (name: string): string => readFileSync(path(name), 'utf8')
    return { ca: read('ca.pem'), cert: read('node.pem'), key: read('node.key') }
  } catch {
    return null
  } finally {
    rmSync(folder, { recursive: true })
  }
}

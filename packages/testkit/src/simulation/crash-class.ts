/** A frame of the host, or of this package: it says nothing of what went wrong. */
const NOT_OWN = /^(?:node:|<anonymous>$|native$)|[/\\]testkit[/\\](?:src|dist)[/\\](?!.*\.test\.ts)/

/**
 * What tells one crash from another, so that each bug is found once: how the error came out, its class, and its code or,
 * without one, where it was made. Not the line, where a function has a name: a replay after a change is still the same.
 *
 * ```
 * unhandled-rejection: AskError ASK_UNKNOWN
 * uncaught-exception: TypeError in Store.put (store.ts)
 * ```
 * @param what how it came out: `uncaught-exception`
 */
export function crashClass(what: string, error: unknown): string {
  if (!(error instanceof Error)) return `${what}: ${typeof error}`
  const code: unknown = Reflect.get(error, 'code')
  const origin = typeof code === 'string' && code !== '' ? ` ${code}` : originOf(error)
  return `${what}: ${error.name}${origin}`
}

function originOf({ stack }: Error): string {
  for (const [, frame] of (stack ?? '').matchAll(/^\s+at (?:async )?(.*)$/gm)) {
    const [, named, place] = /^(?:(.*) )?\(?((?:node:|<|native|file:|[/\\]|[A-Za-z]:).*?)\)?$/.exec(frame!) ?? []
    if (place === undefined || NOT_OWN.test(place)) continue
    const [, file, line] = /([^/\\]+?)(?::(\d+))?(?::\d+)?$/.exec(place) ?? []
    const name = named?.replace(/^(?:new |Object\.)/, '').replace(/ \[as .*\]$/, '')
    const isNamed = name !== undefined && name !== '' && !name.includes('<anonymous>')
    return isNamed ? ` in ${name} (${file})` : ` at ${file}:${line ?? ''}`
  }
  return ''
}

/** What a crash says for people. */
export function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

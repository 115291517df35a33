/** Whether it can be dialled: `ws:` or `wss:`, and no fragment, which is never sent. */
export function isWebSocketUrl(value: unknown): boolean {
  return typeof value === 'string' && /^wss?:\/\//.test(value) && URL.canParse(value) && !value.includes('#')
}

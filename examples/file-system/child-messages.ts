/** What a child process tells the one that started it. */
export type FromChild =
  | { readonly type: 'ready'; readonly address: string; readonly url?: string }
  /** It knows the nodes that it was to join. */
  | { readonly type: 'joined' }
  /** It could not start, and ends. */
  | { readonly type: 'failed'; readonly code: string; readonly message: string }

/** What it is told. */
export type ToChild =
  /** Connect to these nodes. */
  | { readonly type: 'join'; readonly addresses: readonly string[] }
  /** End in order. */
  | { readonly type: 'stop' }

import type { Link, Scheduler, Transport } from '@troupe/core'
import { unsealed } from '../../packages/transport-memory/src/testing/sealed.ts'

/** What passes one end of a link. */
export interface Tap {
  /** A frame leaves, or arrives whole. */
  frame(way: 'sent' | 'received', content: unknown): void
  /** Nothing more passes. */
  closed(): void
}

/** A transport that shows all its frames. */
export function tapped(transport: Transport, tap: (way: 'dialled' | 'accepted') => Tap): Transport {
  return wrapped(transport, (link, way) => tapLink(link, tap(way)))
}

/**
 * A transport whose links, once this side has closed them, go on for a while with what is on its way to it: as sockets
 * do until the other side has agreed to the end.
 */
export function lingering(transport: Transport, scheduler: Pick<Scheduler, 'after'>, lingerMs: number): Transport {
  return wrapped(transport, (link) =>
    changed(link, { close: (code, reason) => void scheduler.after(lingerMs, () => link.close(code, reason)) }),
  )
}

function wrapped(transport: Transport, wrap: (link: Link, way: 'dialled' | 'accepted') => Link): Transport {
  return {
    name: transport.name,
    listen: (accept, runtime) => transport.listen((link) => accept(wrap(link, 'accepted')), runtime),
    dial: async (address, signal) => wrap(await transport.dial(address, signal), 'dialled'),
    close: () => transport.close(),
  }
}

function changed(link: Link, { open, send, close }: Partial<Pick<Link, 'open' | 'send' | 'close'>>): Link {
  return {
    peer: link.peer,
    get bufferedBytes() {
      return link.bufferedBytes
    },
    open: open ?? ((handlers) => link.open(handlers)),
    send: send ?? ((frame) => link.send(frame)),
    close: close ?? ((code, reason) => link.close(code, reason)),
  }
}

function tapLink(link: Link, tap: Tap): Link {
  const show = (way: 'sent' | 'received', frame: Uint8Array): void => {
    let content: unknown
    try {
      content = unsealed(frame)
    } catch {
      // Damaged on its way: nobody gets to see what was in it.
      return
    }
    tap.frame(way, content)
  }
  return changed(link, {
    open: (handlers) =>
      link.open({
        frame: (bytes) => {
          show('received', bytes)
          handlers.frame(bytes)
        },
        drain: () => handlers.drain(),
        close: (code, reason) => {
          tap.closed()
          handlers.close(code, reason)
        },
      }),
    send: (frame) => {
      show('sent', frame)
      return link.send(frame)
    },
    close: (code, reason) => {
      tap.closed()
      link.close(code, reason)
    },
  })
}

import { type Actor, actor, type Protocol, protocol, type Ref } from '@troupe/core'
import { Board, type Guest, type Note } from './board.ts'

/** What there is to see. */
export interface View {
  /** The server whose board this is; null while there is none. */
  readonly server: string | null
  readonly notes: readonly Note[]
  readonly guests: readonly string[]
  /** Notes that no server has confirmed. */
  readonly unsaved: number
}

export interface Visitor extends Guest {
  write: (note: { readonly id: string; readonly text: string }) => void
  boards: (boards: readonly Ref<Board>[]) => void
  joined: (server: string) => void
  saved: (id: string) => void
  /** The present board is gone, or did not answer. */
  lost: (board: string) => void
}
export const Visitor: Protocol<Visitor> = protocol<Visitor>('board-visitor')

export interface VisitorArgs {
  readonly name: string
  /** Called with what there is to see after each change. */
  readonly show: (view: View) => void
}

/** In a tab: looks at one of the boards that can be reached, and at the next one when that is gone. */
export const visitor: Actor<Visitor, VisitorArgs> = actor(Visitor, (context, { name, show }: VisitorArgs) => {
  const notes = new Map<string, Note>()
  /** Written and not confirmed: told to each board anew. */
  const unsaved = new Map<string, string>()
  let guests: readonly string[] = []
  let boards: readonly Ref<Board>[] = []
  let board: Ref<Board> | null = null
  let server: string | null = null

  const changed = (): void => show({ server, notes: [...notes.values()], guests, unsaved: unsaved.size })
  const save = (id: string, text: string): void => {
    const at = board
    if (at === null) return
    at.ask('write', { id, text, by: name }).then(
      () => context.self.tell('saved', id),
      () => context.self.tell('lost', at.id),
    )
  }
  const choose = (next: Ref<Board> | null): void => {
    if (board !== null) context.unwatch(board)
    board = next
    server = null
    changed()
    if (next === null) return
    context.watch(next, 'lost', next.id)
    next.ask('join', { name, ref: context.self }).then(
      (where) => context.self.tell('joined', where),
      () => context.self.tell('lost', next.id),
    )
    for (const [id, text] of unsaved) save(id, text)
  }

  context.subscribe(Board, 'boards')
  return {
    write: ({ id, text }) => {
      unsaved.set(id, text)
      changed()
      save(id, text)
    },
    saved: (id) => {
      unsaved.delete(id)
      changed()
    },
    notes: (news) => {
      for (const note of news) notes.set(note.id, note)
      changed()
    },
    guests: (names) => {
      guests = names
      changed()
    },
    joined: (where) => {
      server = where
      changed()
    },
    boards: (all) => {
      boards = all
      if (!all.some(({ id }) => id === board?.id)) choose(all[0] ?? null)
    },
    lost: (id) => {
      if (id !== board?.id) return
      // It may be listed for a while yet: the next one, or the same again where there is no other.
      const at = boards.findIndex((other) => other.id === id)
      choose(boards[(at + 1) % boards.length] ?? null)
    },
  }
})

import { type Actor, actor, type Protocol, protocol, type Ref } from '@troupe/core'

/** One note. Of two with one id the later wins, on every server alike. */
export interface Note {
  readonly id: string
  readonly text: string
  readonly by: string
  /** One more than that of the note it replaced. */
  readonly version: number
  /** The server that took it: decides between equal versions. */
  readonly at: string
}

/** What a board tells whoever looks at it. */
export interface Guest {
  notes: (notes: readonly Note[]) => void
  guests: (names: readonly string[]) => void
}

export interface Board {
  /** Shows the board to a guest until that one is gone. @returns the server's name */
  join: (guest: { readonly name: string; readonly ref: Ref<Guest> }) => string
  /** @returns how many servers have it */
  write: (note: { readonly id: string; readonly text: string; readonly by: string }) => number
  /** What another board has. */
  merge: (notes: readonly Note[]) => void
  /** Who looks at another board. */
  guestsOf: (there: { readonly board: Ref<Board>; readonly names: readonly string[] }) => void
  /** All boards that can be reached. */
  boards: (boards: readonly Ref<Board>[]) => void
  left: (guest: string) => void
}
export const Board: Protocol<Board> = protocol<Board>('board')

/**
 * The board as one server has it. Each has all notes and takes new ones; a write is answered once every board that
 * can be reached has it. Boards that meet, for the first time or again, tell each other all they have.
 */
export const board: Actor<Board, { readonly server: string }> = actor(
  Board,
  (context, { server }: { readonly server: string }) => {
    const notes = new Map<string, Note>()
    const guests = new Map<string, { readonly name: string; readonly ref: Ref<Guest> }>()
    /** By the ref of their board. */
    const guestsElsewhere = new Map<string, readonly string[]>()
    let others: readonly Ref<Board>[] = []

    const names = (): string[] => Array.from(guests.values(), ({ name }) => name)
    const guestsChanged = (): void => {
      for (const other of others) other.tell('guestsOf', { board: context.self, names: names() })
      showGuests()
    }
    const showGuests = (): void => {
      const all = [...names(), ...[...guestsElsewhere.values()].flat()].sort()
      for (const { ref } of guests.values()) ref.tell('guests', all)
    }
    const merge = (theirs: readonly Note[]): void => {
      const news = theirs.filter((note) => isLater(note, notes.get(note.id)))
      for (const note of news) notes.set(note.id, note)
      if (news.length > 0) for (const { ref } of guests.values()) ref.tell('notes', news)
    }

    context.register(Board)
    context.subscribe(Board, 'boards')
    return {
      join: (guest) => {
        guests.set(guest.ref.id, guest)
        context.watch(guest.ref, 'left', guest.ref.id)
        guest.ref.tell('notes', [...notes.values()])
        guestsChanged()
        return server
      },
      write: ({ id, text, by }) => {
        const note = { id, text, by, version: (notes.get(id)?.version ?? 0) + 1, at: server }
        merge([note])
        // The mailbox goes on meanwhile: two boards that wait for each other would wait for good.
        const reply = context.reply<number>()
        void Promise.allSettled(others.map((other) => other.ask('merge', [note]))).then((answers) => {
          reply.resolve(1 + answers.filter(({ status }) => status === 'fulfilled').length)
        })
        return reply
      },
      merge,
      guestsOf: (there) => {
        guestsElsewhere.set(there.board.id, there.names)
        showGuests()
      },
      boards: (boards) => {
        const known = new Set(others.map(({ id }) => id))
        others = boards.filter(({ id }) => id !== context.self.id)
        for (const id of guestsElsewhere.keys())
          if (!others.some((other) => other.id === id)) guestsElsewhere.delete(id)
        for (const other of others) if (!known.has(other.id)) other.tell('merge', [...notes.values()])
        guestsChanged()
      },
      left: (guest) => {
        guests.delete(guest)
        guestsChanged()
      },
    }
  },
)

function isLater(note: Note, than: Note | undefined): boolean {
  if (than === undefined || note.version !== than.version) return note.version > (than?.version ?? 0)
  return note.at > than.at
}

import { type Actor, actor, type Deferred, type Protocol, protocol } from '@troupe/core'

/** Counts what a gateway has stored. */
export interface WriteCounter {
  /** A block of so many bytes was acknowledged by enough nodes. */
  stored: (sizeBytes: number) => void
  /** A copy had to go to a stand-in, because a node before it failed. */
  retried: () => void
  /** Answers once so many bytes have been stored. */
  reached: (bytes: number) => WriteReport
  report: () => WriteReport
}

export interface WriteReport {
  readonly blocks: number
  readonly bytes: number
  readonly retries: number
}

export const WriteCounter: Protocol<WriteCounter> = protocol<WriteCounter>('file-system.write-counter')

export const writeCounter: Actor<WriteCounter> = actor(WriteCounter, (ctx) => {
  ctx.register(WriteCounter)
  let report: WriteReport = { blocks: 0, bytes: 0, retries: 0 }
  let waiting: { bytes: number; reply: Deferred<WriteReport> }[] = []
  return {
    stored: (sizeBytes) => {
      report = { ...report, blocks: report.blocks + 1, bytes: report.bytes + sizeBytes }
      for (const { bytes, reply } of waiting) if (bytes <= report.bytes) reply.resolve(report)
      waiting = waiting.filter(({ bytes }) => bytes > report.bytes)
    },
    retried: () => {
      report = { ...report, retries: report.retries + 1 }
    },
    reached: (bytes) => {
      if (bytes <= report.bytes) return report
      const reply = ctx.reply<WriteReport>()
      waiting.push({ bytes, reply })
      return reply
    },
    report: () => report,
  }
})

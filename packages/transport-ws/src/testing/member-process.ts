import { type ChildProcess, spawn } from 'node:child_process'
import type { MemberCommand, MemberOptions, MemberReport } from './member.ts'

/** Something that happened to a member in the eyes of another one. */
export interface Sighting {
  readonly event: string
  /** Name of the member. */
  readonly about: string
  readonly atMs: number
}

/** The clock that all processes of a machine share, in ms. */
export function sharedNowMs(): number {
  return performance.timeOrigin + performance.now()
}

const running = new Set<MemberProcess>()

/** Kills every process that is left. */
export async function killMembers(): Promise<void> {
  await Promise.all(Array.from(running, (member) => member.kill()))
}

/** A member in a process of its own. */
export class MemberProcess {
  readonly name: string
  readonly process: ChildProcess
  readonly sightings: Sighting[] = []
  address = ''
  uid = ''
  /** When its event loop was free again after it was last told to be busy; 0 before. */
  blockedUntilMs = 0
  readonly #waiting = new Set<() => void>()

  /**
   * @param program path of member.ts as plain JavaScript
   * @param wrapper what to start the process by: `ip netns exec NAME`
   */
  static async start(program: string, options: MemberOptions, wrapper: readonly string[] = []): Promise<MemberProcess> {
    const member = new MemberProcess(program, options, wrapper)
    await new Promise<void>((resolve, reject) => {
      member.process.once('exit', (status) =>
        reject(new Error(`${options.name} ended with ${status} before it was up`)),
      )
      member.process.on('message', (report: MemberReport) => {
        if ('error' in report) reject(new Error(report.error))
        if ('address' in report) resolve()
      })
    })
    return member
  }

  private constructor(program: string, options: MemberOptions, wrapper: readonly string[]) {
    this.name = options.name
    const [command, ...args] = [...wrapper, process.execPath, program, JSON.stringify(options)]
    this.process = spawn(command!, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    running.add(this)
    this.process.once('exit', () => running.delete(this))
    this.process.on('message', (report: MemberReport) => {
      if ('event' in report) this.sightings.push(report)
      else if ('address' in report) Object.assign(this, report)
      else if ('blockedUntilMs' in report) this.blockedUntilMs = report.blockedUntilMs
      for (const look of this.#waiting) look()
    })
  }

  /** When it saw `event` of `about` first since then, in ms after that; null when it did not yet. */
  sawAfterMs(event: string, about: string, sinceMs: number): number | null {
    const seen = this.sightings.find((each) => each.event === event && each.about === about && each.atMs >= sinceMs)
    return seen === undefined ? null : seen.atMs - sinceMs
  }

  /** Resolves when it sees that. */
  async sees(event: string, about: string, sinceMs: number, withinMs = 60_000): Promise<number> {
    await this.until(
      `${this.name} to see ${event} of ${about}`,
      () => this.sawAfterMs(event, about, sinceMs) !== null,
      withinMs,
    )
    return this.sawAfterMs(event, about, sinceMs)!
  }

  /** Resolves once something is so, which is looked at whenever it says anything. */
  until(what: string, isSo: () => boolean, withinMs = 60_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        clearTimeout(late)
        this.#waiting.delete(look)
        settle()
      }
      const late = setTimeout(() => {
        const last = this.sightings.slice(-12).map(({ event, about }) => `${event} ${about}`)
        end(() => reject(new Error(`waited ${withinMs} ms for ${what}; last it saw ${last.join(', ')}`)))
      }, withinMs)
      const look = (): void => {
        if (isSo()) end(resolve)
      }
      this.#waiting.add(look)
      look()
    })
  }

  tell(command: MemberCommand): void {
    if (this.process.connected) this.process.send(command)
  }

  get isRunning(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null
  }

  get exited(): Promise<number | null> {
    if (!this.isRunning) return Promise.resolve(this.process.exitCode)
    return new Promise((resolve) => this.process.once('exit', (status) => resolve(status)))
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL')
    await this.exited
  }
}

import childProcess from 'node:child_process'
import nodeCrypto from 'node:crypto'
import dns from 'node:dns'
import fs from 'node:fs'
import fsPromises from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import timers from 'node:timers'
import timersPromises from 'node:timers/promises'
import { AmbientCallError } from './simulation-error.ts'

/** Told of an ambient call before it fails. */
export type Trapped = (error: AmbientCallError) => void

type Callable = (...args: unknown[]) => unknown

const TIME = 'take the time from clock.now() or clock.wall()'
const TIMER = 'use timers of the runtime, or context.after and context.every'
const CHANCE = 'draw from random of the runtime, or take its ids'
const FILE = 'use disk of the runtime'
const OUTSIDE = 'nothing outside of the simulation can be reached from within'
/** Everything of a module that is a plain function. */
const ALL = null

interface Ambient {
  readonly owner: object
  /** How the owner is written before the name. */
  readonly prefix: string
  readonly names: readonly string[] | null
  readonly wayOut: string
}

const CHANCE_NAMES = ['randomUUID', 'getRandomValues', 'randomBytes', 'randomFill', 'randomFillSync', 'randomInt']
const TIMER_NAMES = ['setTimeout', 'setInterval', 'setImmediate']

/** What no seed decides. Promise jobs are not among it: their order is that of the program. */
const AMBIENT: readonly Ambient[] = [
  { owner: globalThis.performance, prefix: 'performance.', names: ['now'], wayOut: TIME },
  { owner: Math, prefix: 'Math.', names: ['random'], wayOut: CHANCE },
  { owner: process, prefix: 'process.', names: ['nextTick'], wayOut: 'use defer of the runtime' },
  // Before its owner, which is replaced with all that it has.
  { owner: process.hrtime, prefix: 'process.hrtime.', names: ['bigint'], wayOut: TIME },
  { owner: process, prefix: 'process.', names: ['hrtime', 'uptime'], wayOut: TIME },
  { owner: globalThis, prefix: '', names: TIMER_NAMES, wayOut: TIMER },
  { owner: globalThis, prefix: '', names: ['fetch'], wayOut: OUTSIDE },
  { owner: AbortSignal, prefix: 'AbortSignal.', names: ['timeout'], wayOut: TIMER },
  { owner: globalThis.crypto, prefix: 'crypto.', names: ['randomUUID', 'getRandomValues'], wayOut: CHANCE },
  { owner: nodeCrypto, prefix: 'crypto.', names: CHANCE_NAMES, wayOut: CHANCE },
  { owner: timers, prefix: 'timers.', names: TIMER_NAMES, wayOut: TIMER },
  { owner: timersPromises, prefix: 'timers/promises.', names: TIMER_NAMES, wayOut: TIMER },
  { owner: fs, prefix: 'fs.', names: ALL, wayOut: FILE },
  { owner: fsPromises, prefix: 'fs/promises.', names: ALL, wayOut: FILE },
  { owner: childProcess, prefix: 'child_process.', names: ALL, wayOut: OUTSIDE },
  { owner: net, prefix: 'net.', names: ['connect', 'createConnection', 'createServer'], wayOut: OUTSIDE },
  { owner: dns, prefix: 'dns.', names: ALL, wayOut: OUTSIDE },
]

/**
 * Makes whatever no seed decides fail, wherever it is called while a run is under way, and says where that was.
 * Calls from elsewhere, and those of Node itself, go through. Setting it up and taking it down cost 0.2 ms each.
 */
export class AmbientTrap {
  readonly #trapped: Trapped
  readonly #isInside: () => boolean
  readonly #restore: (() => void)[] = []

  /** @param isInside whether the code on the stack is the run's */
  constructor(trapped: Trapped, isInside: () => boolean) {
    this.#trapped = trapped
    this.#isInside = isInside
  }

  install(): void {
    for (const { owner, prefix, names, wayOut } of AMBIENT) {
      for (const name of names ?? plainFunctionsOf(owner)) {
        const original: unknown = Reflect.get(owner, name)
        if (typeof original === 'function')
          this.#replace(owner, name, this.#trap(original as Callable, `${prefix}${name}()`, wayOut))
      }
    }
    this.#replace(globalThis, 'Date', this.#trapDate(Date))
    // What was imported by name sees the change only then.
    syncBuiltinESMExports()
  }

  remove(): void {
    for (const restore of this.#restore.splice(0).reverse()) restore()
    syncBuiltinESMExports()
  }

  #replace(owner: object, name: string, value: unknown): void {
    const before = Object.getOwnPropertyDescriptor(owner, name)
    const { enumerable = true } = before ?? {}
    if (before?.configurable === false) return
    Object.defineProperty(owner, name, { value, writable: true, enumerable, configurable: true })
    this.#restore.push(() => {
      if (before === undefined) Reflect.deleteProperty(owner, name)
      else Object.defineProperty(owner, name, before)
    })
  }

  #trap(original: Callable, call: string, wayOut: string): Callable {
    const check = (trap: Callable): void => this.#check(call, wayOut, trap)
    const trap = function (this: unknown, ...args: unknown[]): unknown {
      check(trap)
      return Reflect.apply(original, this, args)
    }
    // `setTimeout` has a form for promises behind a symbol, and `process.hrtime` a method.
    for (const key of Reflect.ownKeys(original)) {
      const descriptor = Object.getOwnPropertyDescriptor(original, key)
      if (descriptor !== undefined && key !== 'prototype') Object.defineProperty(trap, key, descriptor)
    }
    return trap
  }

  /** A date made of numbers or a text is as good as any; what is ambient is the present. */
  #trapDate(original: DateConstructor): DateConstructor {
    const check = (call: string, trap: object): void => this.#check(call, TIME, trap as Callable)
    const now = (): number => {
      check('Date.now()', now)
      return original.now()
    }
    const handler: ProxyHandler<DateConstructor> = {
      construct(target, args, newTarget) {
        if (args.length === 0) check('new Date()', handler.construct!)
        return Reflect.construct(target, args, newTarget)
      },
      apply(target, self, args) {
        check('Date()', handler.apply!)
        return Reflect.apply(target, self, args)
      },
      get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
    }
    return new Proxy(original, handler)
  }

  /** @throws {AmbientCallError} unless it is none of the run's, or Node's own */
  #check(call: string, wayOut: string, trap: Callable): void {
    if (!this.#isInside()) return
    const site = callSite(trap)
    if (site === null) return
    const error = new AmbientCallError(call, site, wayOut)
    this.#trapped(error)
    throw error
  }
}

function plainFunctionsOf(owner: object): string[] {
  return Object.keys(owner).filter((name) => {
    const value: unknown = Reflect.get(owner, name)
    // Classes are named like classes.
    return typeof value === 'function' && /^[a-z]/.test(name)
  })
}

/** Who called `trap`: file, line and column; null for Node itself. */
function callSite(trap: Callable): string | null {
  const holder: { stack?: string } = {}
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 1
  Error.captureStackTrace(holder, trap)
  Error.stackTraceLimit = limit
  const frame = /^\s+at (.*)$/m.exec(holder.stack ?? '')?.[1] ?? 'somewhere'
  const place = /\(([^()]*)\)$/.exec(frame)?.[1] ?? frame
  if (place.startsWith('node:')) return null
  return place.replace(/^(?:async )?file:\/\//, '').replace(`${process.cwd()}/`, '')
}

import childProcess from 'node:child_process'
import nodeCrypto from 'node:crypto'
import dgram from 'node:dgram'
import dns from 'node:dns'
import fs from 'node:fs'
import fsPromises from 'node:fs/promises'
import http from 'node:http'
import https from 'node:https'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import os from 'node:os'
import timers from 'node:timers'
import timersPromises from 'node:timers/promises'
import tls from 'node:tls'
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

const HOST = 'what the host is like no seed decides'
const CHANCE_NAMES = [
  ...['randomUUID', 'getRandomValues', 'randomBytes', 'randomFill', 'randomFillSync', 'randomInt'],
  ...['generateKey', 'generateKeySync', 'generateKeyPair', 'generateKeyPairSync', 'generatePrime', 'generatePrimeSync'],
]
const TIMER_NAMES = ['setTimeout', 'setInterval', 'setImmediate']

/** What no seed decides. Promise jobs are not among it: their order is that of the program. */
const AMBIENT: readonly Ambient[] = [
  { owner: globalThis.performance, prefix: 'performance.', names: ['now', 'mark', 'measure', 'toJSON'], wayOut: TIME },
  { owner: globalThis.performance, prefix: 'performance.', names: ['eventLoopUtilization'], wayOut: HOST },
  { owner: Math, prefix: 'Math.', names: ['random'], wayOut: CHANCE },
  { owner: process, prefix: 'process.', names: ['nextTick'], wayOut: 'use defer of the runtime' },
  // Before its owner, which is replaced with all that it has.
  { owner: process.hrtime, prefix: 'process.hrtime.', names: ['bigint'], wayOut: TIME },
  { owner: process, prefix: 'process.', names: ['hrtime', 'uptime', 'cpuUsage', 'resourceUsage'], wayOut: TIME },
  { owner: process.memoryUsage, prefix: 'process.memoryUsage.', names: ['rss'], wayOut: HOST },
  { owner: process, prefix: 'process.', names: ['memoryUsage'], wayOut: HOST },
  { owner: os, prefix: 'os.', names: ['uptime', 'freemem', 'loadavg'], wayOut: HOST },
  // When memory is collected is nobody's to say.
  { owner: WeakRef.prototype, prefix: 'WeakRef.', names: ['deref'], wayOut: HOST },
  { owner: FinalizationRegistry.prototype, prefix: 'FinalizationRegistry.', names: ['register'], wayOut: HOST },
  { owner: Atomics, prefix: 'Atomics.', names: ['wait', 'waitAsync'], wayOut: TIMER },
  { owner: globalThis, prefix: '', names: TIMER_NAMES, wayOut: TIMER },
  { owner: globalThis, prefix: '', names: ['fetch'], wayOut: OUTSIDE },
  { owner: AbortSignal, prefix: 'AbortSignal.', names: ['timeout'], wayOut: TIMER },
  { owner: globalThis.crypto, prefix: 'crypto.', names: ['randomUUID', 'getRandomValues'], wayOut: CHANCE },
  { owner: globalThis.crypto.subtle, prefix: 'crypto.subtle.', names: ['generateKey'], wayOut: CHANCE },
  { owner: nodeCrypto, prefix: 'crypto.', names: CHANCE_NAMES, wayOut: CHANCE },
  { owner: timers, prefix: 'timers.', names: TIMER_NAMES, wayOut: TIMER },
  { owner: timersPromises, prefix: 'timers/promises.', names: TIMER_NAMES, wayOut: TIMER },
  { owner: timersPromises.scheduler, prefix: 'scheduler.', names: ['wait', 'yield'], wayOut: TIMER },
  { owner: fs, prefix: 'fs.', names: ALL, wayOut: FILE },
  { owner: fsPromises, prefix: 'fs/promises.', names: ALL, wayOut: FILE },
  { owner: childProcess, prefix: 'child_process.', names: ALL, wayOut: OUTSIDE },
  { owner: net, prefix: 'net.', names: ['connect', 'createConnection', 'createServer'], wayOut: OUTSIDE },
  { owner: dns, prefix: 'dns.', names: ALL, wayOut: OUTSIDE },
  { owner: dgram, prefix: 'dgram.', names: ['createSocket'], wayOut: OUTSIDE },
  { owner: tls, prefix: 'tls.', names: ['connect', 'createServer'], wayOut: OUTSIDE },
  { owner: http, prefix: 'http.', names: ['get', 'request', 'createServer'], wayOut: OUTSIDE },
  { owner: https, prefix: 'https.', names: ['get', 'request', 'createServer'], wayOut: OUTSIDE },
]

/** Instants that are read from something. */
const VALUES: readonly (readonly [owner: object, name: string, call: string])[] = [
  [Object.getPrototypeOf(performance) as object, 'timeOrigin', 'performance.timeOrigin'],
  [Object.getPrototypeOf(performance) as object, 'nodeTiming', 'performance.nodeTiming'],
  [Event.prototype, 'timeStamp', 'event.timeStamp'],
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
    for (const [owner, name, call] of VALUES) this.#trapValue(owner, name, call)
    this.#trapFormats(Intl.DateTimeFormat.prototype)
    const date = this.#trapDate(Date)
    this.#replace(Date.prototype, 'constructor', date)
    this.#replace(globalThis, 'Date', date)
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
    this.#define(owner, name, { value, writable: true, enumerable, configurable: true })
  }

  #define(owner: object, name: string, descriptor: PropertyDescriptor): void {
    const before = Object.getOwnPropertyDescriptor(owner, name)
    Object.defineProperty(owner, name, descriptor)
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

  /** What is read, and not called. */
  #trapValue(owner: object, name: string, call: string): void {
    const before = Object.getOwnPropertyDescriptor(owner, name)
    if (before?.configurable !== true) return
    const check = (trap: Callable): void => this.#check(call, TIME, trap)
    const get = function (this: unknown): unknown {
      check(get)
      return before.get === undefined ? before.value : before.get.call(this)
    }
    this.#define(owner, name, { configurable: true, enumerable: before.enumerable === true, get })
  }

  /** A format of no date is one of the present. */
  #trapFormats(owner: Intl.DateTimeFormat): void {
    const check = (call: string, trap: object): void =>
      this.#check(`Intl.DateTimeFormat ${call}`, TIME, trap as Callable)
    const { formatToParts } = owner
    const parts = function (this: Intl.DateTimeFormat, date?: Date | number): Intl.DateTimeFormatPart[] {
      if (date === undefined) check('formatToParts()', parts)
      return formatToParts.call(this, date)
    }
    this.#replace(owner, 'formatToParts', parts)
    const { get } = Object.getOwnPropertyDescriptor(owner, 'format')!
    this.#define(owner, 'format', {
      configurable: true,
      get(this: Intl.DateTimeFormat) {
        const original = get!.call(this) as Intl.DateTimeFormat['format']
        const format = (date?: Date | number): string => {
          if (date === undefined) check('format()', format)
          return original(date)
        }
        return format
      },
    })
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

/**
 * Where code of ours began that the host has called: with nothing but Node below it. For what comes back into a run from a
 * timer, a promise or a file of the host.
 */
export function entrySite(): string {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 100
  const { stack = '' } = new Error()
  Error.stackTraceLimit = limit
  const places = [...stack.matchAll(/^\s+at (.*)$/gm)].map(([, frame]) => placeOf(frame!))
  return shown(places.findLast((place) => !/^(?:node:|<)/.test(place)) ?? 'somewhere')
}

/** Who called `trap`: file, line and column; null for Node itself. */
function callSite(trap: Callable): string | null {
  const holder: { stack?: string } = {}
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 1
  Error.captureStackTrace(holder, trap)
  Error.stackTraceLimit = limit
  const frame = /^\s+at (.*)$/m.exec(holder.stack ?? '')?.[1] ?? 'somewhere'
  const place = placeOf(frame)
  return place.startsWith('node:') ? null : shown(place)
}

function placeOf(frame: string): string {
  return /\(([^()]*)\)$/.exec(frame)?.[1] ?? frame
}

function shown(place: string): string {
  return place.replace(/^(?:async )?file:\/\//, '').replace(`${process.cwd()}/`, '')
}

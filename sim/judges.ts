import {
  type Checker,
  type CheckOptions,
  convergence,
  counterInterval,
  counterModel,
  keyValueModel,
  linearizable,
  lockModel,
  queueModel,
  registerModel,
  sessions,
  setFull,
  setModel,
  versionedSessions,
} from '@troupe/testkit'

/** What a history can be held to by name. */
export const MODELS: Readonly<Record<string, (options: CheckOptions) => Checker>> = {
  register: (options) => linearizable(registerModel(), options),
  kv: (options) => linearizable(keyValueModel(), options),
  queue: (options) => linearizable(queueModel(), options),
  lock: (options) => linearizable(lockModel(), options),
  'fenced-lock': (options) => linearizable(lockModel({ fencing: true }), options),
  counter: (options) => linearizable(counterModel(), options),
  set: (options) => linearizable(setModel(), options),
}

/** Judges that ask for less than an order of all operations. */
export const CHECKERS: Readonly<Record<string, () => Checker>> = {
  sessions: () => sessions(),
  'versioned-sessions': () => versionedSessions(),
  'set-full': () => setFull(),
  'counter-interval': () => counterInterval(),
  convergence: () => convergence(),
}

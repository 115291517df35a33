// Lets AVA's worker threads take one test file after the other, where AVA starts one for each. A thread costs 0.7 s of
// CPU before its first test: Node, AVA, tsx and the packages' sources; a file in a thread that has them costs 0.03 s.
import { EventEmitter } from 'node:events'
import { syncBuiltinESMExports } from 'node:module'
import workerThreads from 'node:worker_threads'

const { Worker } = workerThreads
const SCRIPT = new URL('./test-thread.mjs', import.meta.url)

/**
 * Replaces `Worker` by one that hands out threads which have done a file, where there are any. AVA cannot tell: it sees
 * the exit of a worker when the file is done and nothing is left that would have kept the worker alive.
 *
 * @param avaWorker file URL of the script that AVA runs in its workers; others are left alone
 * @returns ends the threads, once AVA is done
 */
export function shareThreads(avaWorker) {
  const idle = []
  const all = new Set()
  workerThreads.Worker = function (script, options) {
    if (String(script) !== avaWorker) return new Worker(script, options)
    const thread = idle.pop() ?? new Thread(options, idle, all)
    return thread.take(options.workerData.options)
  }
  syncBuiltinESMExports()
  return () => Promise.all(Array.from(all, (thread) => thread.end()))
}

class Thread {
  #worker
  #turn = null

  constructor(options, idle, all) {
    this.#worker = new Worker(SCRIPT, { ...options, workerData: {} })
    all.add(this)
    this.#worker.stdout.on('data', (chunk) => this.#turn?.stdout.emit('data', chunk))
    this.#worker.stderr.on('data', (chunk) => this.#turn?.stderr.emit('data', chunk))
    this.#worker.on('message', (message) => {
      if (message !== 'idle') return this.#turn?.emit('message', message)
      // What the file has printed may be under way still.
      setImmediate(() => {
        idle.push(this)
        this.#leave('exit', 0)
      })
    })
    this.#worker.on('error', (error) => this.#turn?.emit('error', error))
    this.#worker.on('exit', (status) => {
      all.delete(this)
      this.#leave('exit', status)
    })
  }

  /** Begins a file. @returns what AVA takes for the file's own worker */
  take(options) {
    const turn = new EventEmitter()
    turn.stdout = new EventEmitter()
    turn.stderr = new EventEmitter()
    turn.threadId = this.#worker.threadId
    turn.postMessage = (message) => this.#worker.postMessage(message)
    turn.terminate = () => this.#worker.terminate()
    this.#turn = turn
    this.#worker.postMessage({ begin: options })
    return turn
  }

  end() {
    return new Promise((resolve) => {
      this.#worker.once('exit', resolve)
      this.#worker.postMessage('end')
    })
  }

  #leave(...event) {
    const turn = this.#turn
    this.#turn = null
    turn?.emit(...event)
  }
}

import { relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { styleText } from 'node:util'

/** Slower tests say how long they took. */
const SLOW_MS = 300

/**
 * Turns AVA's events into a report: a line per file as it ends, failures in full as they come, and one closing line.
 *
 * It trusts no total of AVA's. Each selected test is pending until its result arrives, and whatever is pending when its
 * file ends, the run times out or the process exits counts as failed; so does a file that ends without any test.
 */
export class Report {
  #options
  #paint
  #files = new Map() // by absolute path
  #failures = [] // { file, title }, in order; printed in full when found
  #skipped = [] // { file, title, reason }
  #passed = 0
  #fileTotal = 0
  #startedMs = performance.now()
  #statusShown = false
  #statusAtMs = 0
  #closed = false

  /** @param options out: stream; root: folder paths are shown from; live: keep a running count on the last line */
  constructor(options) {
    this.#options = options
    this.#paint = options.colour
      ? (format, text) => styleText(format, text, { validateStream: false })
      : (_, text) => text
  }

  get exitCode() {
    return this.#failures.length === 0 && this.#passed > 0 ? 0 : 1
  }

  start(plan) {
    this.#fileTotal = plan.files.length
    for (const file of plan.files) this.#file(file)
    plan.status.on('stateChange', (event) => this.#consume(event))
  }

  /** Prints what is left to say, once. `status` is AVA's own verdict: a failure we missed must not end green. */
  close(status) {
    if (this.#closed) return
    this.#closed = true
    for (const file of this.#files.values()) if (!file.ended) this.#end(file, 'the run ended before this file did')
    if (this.#failures.length === 0 && this.#passed + this.#skipped.length === 0)
      this.#fail(null, this.#whyNothingRan())
    if (this.#failures.length === 0 && Number(status ?? 0) !== 0) this.#fail(null, `AVA ended with status ${status}`)
    this.#printSkipped()
    this.#printFailures()
    this.#line('')
    const skipped = this.#skipped.length > 0 ? `, ${this.#skipped.length} skipped` : ''
    this.#line(`${this.#passed} passed, ${this.#failures.length} failed${skipped}`)
  }

  #consume(event) {
    const file = event.testFile ? this.#file(event.testFile) : null
    switch (event.type) {
      case 'declared-test':
        file.declared++
        break
      case 'selected-test':
        this.#select(file, event)
        break
      case 'test-passed':
        this.#pass(file, event)
        break
      case 'test-failed':
        file.pending.delete(event.title)
        this.#fail(file, event.title, event)
        break
      case 'hook-failed':
        this.#fail(file, event.title, event)
        break
      case 'uncaught-exception':
        this.#fail(file, 'an exception nobody caught', event)
        break
      case 'unhandled-rejection':
        this.#fail(file, 'a rejected promise nobody handled', event)
        break
      case 'internal-error':
      case 'shared-worker-error':
      case 'line-number-selection-error':
        this.#fail(file, 'AVA could not go on', event)
        break
      case 'missing-ava-import':
        this.#fail(file, 'no tests: the file does not import ava')
        break
      case 'process-exit':
        this.#fail(file, 'process.exit() was called', { err: { stack: event.stack } })
        break
      case 'timeout':
        this.#timeOut(event)
        break
      case 'interrupt':
        this.#fail(null, 'interrupted')
        break
      case 'worker-failed':
        this.#workerFailed(file, event)
        break
      case 'worker-finished':
        if (file.declared === 0 && file.failed === 0) this.#fail(file, 'no tests in this file')
        this.#end(file, 'its file ended first')
        break
      case 'worker-stdout':
      case 'worker-stderr':
        this.#raw(event.chunk)
        break
    }
    this.#status()
  }

  #select(file, event) {
    if (event.skip || event.todo) {
      // A reason stands at the end of the title: `test.skip('promise [why it is skipped]', ...)`.
      const [, title, reason] = /^(.*?)\s*(?:\[([^\]]+)\])?$/s.exec(event.title)
      this.#skipped.push({ file, title, reason: reason ?? (event.todo ? 'to be written' : 'no reason given') })
      file.skipped++
    } else file.pending.add(event.title)
  }

  #pass(file, event) {
    file.pending.delete(event.title)
    file.passed++
    this.#passed++
    const slow = event.duration > SLOW_MS ? this.#paint('yellow', `  ${seconds(event.duration)}`) : ''
    const known = event.knownFailing ? this.#paint('yellow', '  (known to fail)') : ''
    if (this.#options.verbose || known || event.logs?.length > 0) {
      this.#line(`  ${this.#paint('green', '✔')} ${this.#paint('dim', `${file.path}: `)}${event.title}${known}${slow}`)
      for (const log of event.logs ?? []) this.#line(indent(log, 6))
    }
  }

  #fail(file, title, event = {}) {
    this.#count(file, title)
    this.#line(`${this.#paint(['red', 'bold'], '✘')} ${this.#paint('bold', title)}`)
    if (file) this.#line(indent(this.#paint('dim', file.path), 2))
    for (const log of event.logs ?? []) this.#line(indent(log, 4))
    if (event.err) this.#line(`\n${indent(this.#describe(event.err), 4)}\n`)
  }

  #count(file, title) {
    this.#failures.push({ file, title })
    if (file) file.failed++
  }

  #describe(err) {
    const parts = []
    if (err.source)
      parts.push(this.#paint('dim', `at ${this.#relative(fileURLToPath(err.source.file))}:${err.source.line}`))
    if (err.type === 'unknown') parts.push(`thrown, though not an Error: ${err.formattedError}`)
    // Stacks of assertions hold frames only; other stacks begin with the message.
    else if (err.message && err.message !== 'Error thrown in test' && !err.stack?.includes(err.message)) {
      parts.push(err.message)
    }
    for (const { label, formatted } of err.formattedDetails ?? []) {
      const fields = formatted.match(/^ {2}\w+: /gm)?.length ?? 0
      // The stack says it all of an error that has a message and no other field.
      if (label.startsWith('Error thrown in test') && err.stack && fields < 2) continue
      parts.push(`${label}\n\n${indent(formatted, 2)}`)
    }
    if (err.stack) parts.push(this.#cleanStack(err.stack))
    for (const each of err.type === 'aggregate' ? err.errors : []) parts.push(this.#describe(each))
    const thrown = err.type === 'ava' ? err.originalError?.cause : err.originalError
    for (let cause = thrown?.cause; cause instanceof Error; cause = cause.cause) {
      parts.push(`caused by ${this.#cleanStack(cause.stack)}`)
    }
    return parts.join('\n\n')
  }

  #cleanStack(stack) {
    const foreign =
      /node:internal|[\\/]node_modules[\\/](\.pnpm[\\/])?(ava|tsx)[@\\/]|^\s*at async Promise\.all \(index/
    const lines = stack.split('\n').filter((line) => line !== 'Error' && !foreign.test(line))
    return lines
      .map((line) => {
        if (!/:\d+:\d+\)?$/.test(line)) return line
        return this.#paint('dim', line.replaceAll('file://', '').replaceAll(this.#options.root + sep, ''))
      })
      .join('\n')
  }

  #timeOut(event) {
    const idle = `${event.period / 1000} s`
    for (const file of this.#files.values()) {
      if (file.ended || file.declared === 0) continue
      if (file.pending.size === 0) this.#fail(file, `did not exit: nothing happened for ${idle}`)
      for (const title of file.pending) this.#fail(file, `${title} (no end after ${idle})`)
      file.pending.clear()
    }
  }

  #workerFailed(file, event) {
    const how = event.nonZeroExitCode ? `exit status ${event.nonZeroExitCode}` : `signal ${event.signal}`
    if (event.err) this.#fail(file, 'the file could not be run', event)
    else if (file.failed === 0) this.#fail(file, `crashed: ${how}`)
    this.#end(file, 'its file crashed first')
  }

  #end(file, whyPending) {
    if (file.ended) return
    file.ended = true
    // The cause was told above; these stand in the closing list only.
    for (const title of file.pending) this.#count(file, `${title} (not run: ${whyPending})`)
    if (file.passed + file.failed + file.skipped === 0) return // --match chose other files' tests
    const mark = file.failed > 0 ? this.#paint('red', '✘') : this.#paint('green', '✔')
    const counts = [
      `${file.passed} passed`,
      file.failed > 0 ? `${file.failed} failed` : '',
      file.skipped > 0 ? `${file.skipped} skipped` : '',
    ]
    this.#line(`${mark} ${file.path} ${this.#paint('dim', counts.filter(Boolean).join(', '))}`)
  }

  #printSkipped() {
    if (this.#skipped.length === 0) return
    this.#line('')
    this.#line(`skipped:`)
    for (const { file, title, reason } of this.#skipped) {
      this.#line(
        `  ${this.#paint('yellow', '-')} ${title} ${this.#paint('yellow', `[${reason}]`)} ${this.#paint('dim', file.path)}`,
      )
    }
  }

  #printFailures() {
    if (this.#failures.length === 0) return
    this.#line('')
    this.#line('failed:')
    for (const { file, title } of this.#failures) {
      this.#line(`  ${this.#paint('red', '✘')} ${title} ${this.#paint('dim', file?.path ?? '')}`)
    }
    const first = this.#failures.find(({ file }) => file !== null)
    if (first) this.#line(this.#paint('dim', `  again: npm test -- ${first.file.path}`))
  }

  #whyNothingRan() {
    return this.#fileTotal === 0 ? 'no test file matches' : `no test matches, in ${this.#fileTotal} files`
  }

  #file(absolute) {
    let file = this.#files.get(absolute)
    if (file === undefined) {
      const path = this.#relative(absolute)
      file = { absolute, path, declared: 0, passed: 0, failed: 0, skipped: 0, pending: new Set(), ended: false }
      this.#files.set(absolute, file)
    }
    return file
  }

  #relative(path) {
    return relative(this.#options.root, path).replaceAll(sep, '/')
  }

  #status() {
    const now = performance.now()
    if (!this.#options.live || now - this.#statusAtMs < 80) return
    this.#statusAtMs = now
    const ended = [...this.#files.values()].filter((file) => file.ended).length
    const text = `${this.#passed} passed, ${this.#failures.length} failed · ${ended} of ${this.#fileTotal} files · ${seconds(now - this.#startedMs)}`
    this.#options.out.write(`\r\x1b[K${this.#paint('dim', text)}`)
    this.#statusShown = true
  }

  #raw(chunk) {
    this.#clearStatus()
    this.#options.out.write(chunk)
    if (chunk.at(-1) !== 0x0a) this.#options.out.write('\n')
  }

  #line(text) {
    this.#clearStatus()
    this.#options.out.write(`${text}\n`)
  }

  #clearStatus() {
    if (this.#statusShown) this.#options.out.write('\r\x1b[K')
    this.#statusShown = false
  }
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`
}

function indent(text, width) {
  return text.replaceAll(/^(?=.)/gm, ' '.repeat(width))
}

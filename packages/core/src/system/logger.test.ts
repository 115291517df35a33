import test from 'ava'
import { consoleSink } from './logger.ts'

test('warnings and errors go to standard error with system and path, the rest nowhere', (t) => {
  const lines: string[] = []
  const { error } = console
  console.error = (line) => lines.push(line)
  try {
    const sink = consoleSink('shop')
    sink('debug', '/user/a', 'unheard')
    sink('info', '/user/a', 'unheard')
    sink('warn', '/user/a', 'low', { left: 1 })
    sink('error', '/user/a', 'broken', new RangeError('boom'))
  } finally {
    console.error = error
  }

  t.deepEqual(
    lines.map((line) => line.split('\n', 2).join(' | ')),
    ['[shop] warn /user/a low {"left":1}', '[shop] error /user/a broken | RangeError: boom'],
  )
})

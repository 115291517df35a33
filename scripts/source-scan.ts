/** A source file as the rules see it. */
export interface Source {
  /** from the repository's root, with forward slashes */
  readonly path: string
  /** the text with comments and the insides of strings blanked; offsets and lines are those of the file */
  readonly code: string
  readonly imports: readonly Import[]
  readonly comments: readonly Comment[]
}

export interface Import {
  readonly specifier: string
  readonly line: number
}

export interface Comment {
  readonly text: string
  readonly line: number
}

/** Splits a file into code and comments, far enough to find imports and names without a compiler. */
export function scan(path: string, text: string): Source {
  const { code, comments } = blank(text)
  const imports: Import[] = []
  // In code, `from` before a quote stands in imports and exports only: Array.from has a bracket there.
  for (const match of code.matchAll(/(?<![.\w$])(?:from|import)\s*\(?\s*(['"])/g)) {
    const start = match.index + match[0].length
    imports.push({ specifier: text.slice(start, text.indexOf(match[1]!, start)), line: lineAt(text, start) })
  }
  return { path, code, imports, comments }
}

export function lineAt(text: string, offset: number): number {
  let line = 1
  for (let i = text.indexOf('\n'); i !== -1 && i < offset; i = text.indexOf('\n', i + 1)) line++
  return line
}

function blank(text: string): { code: string; comments: Comment[] } {
  const out: string[] = []
  const comments: Comment[] = []
  const braces: boolean[] = [] // open `{`, innermost last; true for the `${` of a template
  let i = 0
  const keep = (): void => void out.push(text[i++]!)
  const hide = (end: number): void => {
    for (; i < end && i < text.length; i++) out.push(text[i] === '\n' ? '\n' : ' ')
  }
  const template = (): void => {
    // Stands after the back tick or after the brace that ends a `${...}`.
    while (i < text.length && text[i] !== '`') {
      if (text[i] === '$' && text[i + 1] === '{') {
        keep()
        keep()
        braces.push(true)
        return
      }
      hide(i + (text[i] === '\\' ? 2 : 1))
    }
    if (i < text.length) keep()
  }
  while (i < text.length) {
    const c = text[i]!
    if (c === '/' && (text[i + 1] === '/' || text[i + 1] === '*')) {
      const end = text[i + 1] === '/' ? text.indexOf('\n', i) : text.indexOf('*/', i + 2) + 2
      const stop = end < i + 2 ? text.length : end
      comments.push({ text: text.slice(i, stop), line: lineAt(text, i) })
      hide(stop)
    } else if (c === "'" || c === '"') {
      keep()
      while (i < text.length && text[i] !== c && text[i] !== '\n') hide(i + (text[i] === '\\' ? 2 : 1))
      if (i < text.length) keep()
    } else if (c === '`') {
      keep()
      template()
    } else if (c === '/' && startsRegExp(out)) {
      keep()
      let inClass = false
      while (i < text.length && text[i] !== '\n' && (inClass || text[i] !== '/')) {
        if (text[i] === '[') inClass = true
        else if (text[i] === ']') inClass = false
        hide(i + (text[i] === '\\' ? 2 : 1))
      }
      if (i < text.length) keep()
    } else {
      if (c === '{') braces.push(false)
      const closesTemplate = c === '}' && braces.pop() === true
      keep()
      if (closesTemplate) template()
    }
  }
  return { code: out.join(''), comments }
}

/** A slash after a value divides; anywhere else it starts a regular expression. */
function startsRegExp(before: readonly string[]): boolean {
  const tail = before.slice(-80).join('').trimEnd()
  if (tail === '') return true
  if (/(?:^|[^.\w$])(?:return|typeof|case|in|of|void|delete|throw|await|yield|else|do)$/.test(tail)) return true
  return !/[\w$)\]}'"`]$/.test(tail)
}

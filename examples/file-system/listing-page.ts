import type { EntryJson, FolderJson } from './folder-json.ts'
import { formatBytes } from './format.ts'

/** A folder as a page: plain, without scripts. */
export function listingPage({ folder, entries }: FolderJson): string {
  const title = escapeHtml(`/${folder}`)
  const up = folder === '' ? '' : '<tr><td><a href="../">../</a></td><td></td><td></td></tr>\n'
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 50rem; padding: 0 1rem }
  table { border-collapse: collapse; width: 100% }
  td { border-top: 1px solid #8884; padding: .2rem .5rem }
  td + td { text-align: right; white-space: nowrap }
</style>
<h1>${title}</h1>
<table>
${up}${entries.map(row).join('\n')}
</table>
<p>${entries.length === 0 ? 'Nothing here yet.' : ''} Store a file: <code>curl -T FILE ${title}</code></p>
</html>
`
}

function row({ name, path, sizeBytes, modified }: EntryJson): string {
  const size = sizeBytes === undefined ? '' : formatBytes(sizeBytes)
  const time = modified === undefined ? '' : modified.slice(0, 19).replace('T', ' ')
  return `<tr><td><a href="${escapeHtml(path)}">${escapeHtml(name)}</a></td><td>${size}</td><td>${time}</td></tr>`
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
])

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES.get(character)!)
}

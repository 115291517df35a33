/** Addresses in a text: apart by commas or white space; what stands behind a `#` on a line is a comment. */
export function seedWords(text: string): string[] {
  return text
    .split('\n')
    .flatMap((line) => line.replace(/#.*/, '').split(/[\s,]+/))
    .filter((word) => word !== '')
}

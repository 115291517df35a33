/** A folder as programs get it. */
export interface FolderJson {
  /** As it stands in names: `docs/`, or an empty string for the root. */
  readonly folder: string
  readonly entries: readonly EntryJson[]
}

export interface EntryJson {
  /** Without the folder; of a folder with a slash at the end. */
  readonly name: string
  readonly path: string
  readonly kind: 'file' | 'folder'
  /** The rest of files only. */
  readonly sizeBytes?: number
  readonly sha256?: string
  readonly modified?: string
  readonly type?: string
}

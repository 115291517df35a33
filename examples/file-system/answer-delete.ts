import type { ServerResponse } from 'node:http'
import type { FileSystem } from './file-system.ts'

/** Takes the name away. */
export async function answerDelete(fileSystem: FileSystem, name: string, response: ServerResponse): Promise<void> {
  await fileSystem.remove(name)
  response.writeHead(204).end()
}

import { accessSync, constants, statSync } from 'node:fs'

/** Why no recordings can be kept in this folder, in words for a person; undefined where they can. */
export function folderProblem(folder: string): string | undefined {
  try {
    if (!statSync(folder).isDirectory()) return `${folder} is no folder`
    accessSync(folder, constants.W_OK | constants.X_OK)
    return undefined
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    return code === 'ENOENT' ? `there is no folder ${folder}` : `${folder} cannot be written to: ${code}`
  }
}

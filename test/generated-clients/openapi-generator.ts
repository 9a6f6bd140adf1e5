import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { atLeast, type Deadline, outputOf, shortLived } from './command.ts'
import { maven } from './maven.ts'
import { generatorVersion, settingsOf } from './page.ts'

const artifact = `org.openapitools:openapi-generator-cli:${generatorVersion}`

/** Has the generator in a folder. Throws `Unavailable` where it cannot be had. */
export async function fetchGenerator(folder: string, deadline: Deadline): Promise<void> {
  atLeast('11', 'Java', await outputOf('java', ['--version'], { folder }))
  await maven(artifact, ['dependency:copy', `-Dartifact=${artifact}`, '-DoutputDirectory=.'], folder, deadline)
}

/** What the generator has to say against a document; fails where that makes the document invalid. */
export function complaintsAbout(document: string, folder: string): Promise<string> {
  return generator(['validate', '-i', document], folder)
}

/** Generates the clients of several headings of docs/clients.md at once, each into `client` in a folder of its own. */
export async function generateClients(
  document: string,
  folders: Readonly<Record<string, string>>,
  folder: string,
): Promise<void> {
  const batch = join(folder, 'batch')
  await mkdir(batch)
  const files = Object.entries(folders).map(async ([heading, target], index) => {
    const file = join(batch, `${index}.yaml`)
    await writeFile(file, stringify({ inputSpec: document, outputDir: join(target, 'client'), ...settingsOf(heading) }))
    return file
  })
  await generator(['batch', ...(await Promise.all(files))], folder)
}

function generator(args: readonly string[], folder: string): Promise<string> {
  return outputOf('java', [...shortLived, '-jar', `openapi-generator-cli-${generatorVersion}.jar`, ...args], { folder })
}

import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { atLeast, fetched, outputOf } from './command.ts'
import { generatorVersion, settingsOf } from './page.ts'

const artifact = `org.openapitools:openapi-generator-cli:${generatorVersion}`
const jar = join(
  homedir(),
  '.m2/repository/org/openapitools/openapi-generator-cli',
  generatorVersion,
  `openapi-generator-cli-${generatorVersion}.jar`,
)

/** Sees that the generator is on this machine, in Maven's own store. Throws `Unavailable` where it cannot be. */
export async function fetchGenerator(folder: string): Promise<void> {
  atLeast('11', 'Java', await outputOf('java', ['--version'], { folder }))
  if (existsSync(jar)) return
  const get = ['-q', '-B', 'dependency:get', `-Dartifact=${artifact}`, '-Dtransitive=false']
  await fetched(artifact, () => outputOf('mvn', get, { folder, seconds: 180 }))
}

/** The version that the generator says it has. */
export async function versionOfGenerator(folder: string): Promise<string> {
  return (await generator(['version'], folder)).trim()
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
  return outputOf('java', ['-jar', jar, ...args], { folder })
}

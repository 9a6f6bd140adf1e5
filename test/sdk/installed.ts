import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))

/** An empty project in which the SDK is installed as its package would be. */
export interface Project {
  readonly folder: string
  /** Of the installed package. */
  readonly sdk: string
  write(name: string, text: string): Promise<string>
  /** Runs a script of this name with Node and nothing else; resolves with what it printed. */
  node(name: string, ...args: readonly string[]): Promise<string>
  remove(): Promise<void>
}

/** Packs what is built, and puts it with its one dependency where npm would. */
export async function installSdk(): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), 'vai-sdk-'))
  const sdk = join(folder, 'node_modules/@vai/sdk')
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder]
  const { stdout } = await run('npm', pack, { cwd: join(root, 'sdk/typescript'), timeout: 60_000 })
  const [{ filename }]: [{ filename: string }] = JSON.parse(stdout)
  await mkdir(sdk, { recursive: true })
  await run('tar', ['-xzf', join(folder, filename), '-C', sdk, '--strip-components=1'])
  await symlink(join(root, 'node_modules/eventsource-parser'), join(folder, 'node_modules/eventsource-parser'))
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'project', private: true, type: 'module' }))
  return {
    folder,
    sdk,
    async write(name, text) {
      await writeFile(join(folder, name), text)
      return join(folder, name)
    },
    async node(name, ...args) {
      const { stdout } = await run(process.execPath, [name, ...args], { cwd: folder, timeout: 30_000, env: {} })
      return stdout
    },
    remove: () => rm(folder, { recursive: true }),
  }
}

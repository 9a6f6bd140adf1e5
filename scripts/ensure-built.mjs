// Builds what is not built, so that one command starts the gateway: nothing is done where dist/ is newer than every source.
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
const sources = [
  'app.ts',
  'server.ts',
  'config.ts',
  'tsconfig.json',
  'tsconfig.build.json',
  'api',
  'audio',
  'cli',
  'config',
  'plugins',
  'providers',
  'routes',
  'sdk/typescript',
  'text',
  'tools',
  'web',
  'workers',
]
const built = join(root, 'dist/server.js')

if (!existsSync(built) || sources.some((source) => newestIn(join(root, source)) > statSync(built).mtimeMs)) {
  process.stdout.write('Building…\n')
  compile('sdk/typescript/tsconfig.build.json')
  compile('tsconfig.build.json')
  // What `npx vai` runs, also where npm has linked a build before this one.
  chmodSync(built, 0o755)
}

function compile(project) {
  const { status } = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', project], {
    cwd: root,
    stdio: 'inherit',
  })
  if (status !== 0) process.exit(status ?? 1)
}

function newestIn(path) {
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  const names = readdirSync(path).filter((name) => name !== 'dist' && name !== 'node_modules')
  return Math.max(0, ...names.map((name) => newestIn(join(path, name))))
}

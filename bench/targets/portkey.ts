import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort, startServer, untilReady } from '../processes.ts'
import { plainLane } from './direct.ts'
import { type Target, Unavailable } from './target.ts'

const version = '1.15.2'
/** As in its own lock file. With the newest of what it asks for, its streams fail on Node 20. */
const manifest = {
  private: true,
  dependencies: { '@portkey-ai/gateway': version },
  overrides: { hono: '4.9.7', '@hono/node-server': '1.13.5' },
}

/**
 * A peer: Portkey's open-source gateway, OpenAI in and OpenAI out, its shortest way. No dependency of the project: it is
 * installed into a folder for temporary files at its first use.
 */
export const portkey: Target = {
  name: 'portkey',
  lanes: [
    {
      ...plainLane('openai'),
      name: 'portkey openai',
      // It writes the request anew, its fields in another order.
      verbatim: { request: false, answer: true },
      headers: (upstreamOrigin) => ({
        ...plainLane('openai').headers(upstreamOrigin),
        'x-portkey-provider': 'openai',
        'x-portkey-custom-host': `${upstreamOrigin}/v1`,
      }),
    },
  ],
  async start({ collectable }) {
    const script = await installed()
    const port = await freePort()
    const server = startServer(script, { args: ['--headless', `--port=${port}`], collectable })
    const origin = `http://127.0.0.1:${port}`
    await untilReady(`${origin}/`, server)
    return { origin, server }
  },
}

/** Its start script. */
async function installed(): Promise<string> {
  const folder = join(tmpdir(), `vai-bench-portkey-${version}`)
  const script = join(folder, 'node_modules', '@portkey-ai', 'gateway', 'build', 'start-server.js')
  if (existsSync(script)) return script
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
  console.log(`Installing @portkey-ai/gateway@${version} into ${folder}`)
  const args = ['install', '--prefix', folder, '--no-audit', '--no-fund', '--ignore-scripts']
  try {
    await promisify(execFile)('npm', args, { timeout: 120_000 })
  } catch {
    throw new Unavailable(`@portkey-ai/gateway@${version} cannot be installed: the registry is not to be reached`)
  }
  return script
}

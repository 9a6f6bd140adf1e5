import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../compile.ts'
import { testKeys } from '../control.ts'
import { freePort, startServer, untilReady } from '../processes.ts'
import { type Lane, type Target, Unavailable } from './target.ts'

const common = {
  dialect: 'anthropic',
  path: '/v1/messages',
  headers: () => ({ 'anthropic-version': '2023-06-01' }),
  verbatim: { request: false, answer: false },
} as const satisfies Partial<Lane>

/** This project as it is built: Anthropic's API in, OpenAI's or Anthropic's out. */
export const gateway: Target = {
  name: 'gateway',
  lanes: [
    { ...common, name: 'gateway translated', upstream: 'openai', modelPrefix: 'openai/' },
    { ...common, name: 'gateway passthrough', upstream: 'anthropic', modelPrefix: 'anthropic/' },
  ],
  async start({ upstreamOrigin, collectable }) {
    const script = join(projectRoot, 'dist', 'server.js')
    if (!existsSync(script)) throw new Unavailable('dist/server.js is missing; npm run build makes it')
    const port = await freePort()
    const server = startServer(script, {
      args: ['serve'],
      env: {
        VAI_HOST: '127.0.0.1',
        VAI_PORT: String(port),
        VAI_ANTHROPIC_BASE_URL: upstreamOrigin,
        VAI_OPENAI_BASE_URL: `${upstreamOrigin}/v1`,
        ANTHROPIC_API_KEY: testKeys.anthropic,
        OPENAI_API_KEY: testKeys.openai,
        VAI_LOG_LEVEL: 'warn',
      },
      collectable,
    })
    const origin = `http://127.0.0.1:${port}`
    await untilReady(`${origin}/healthz`, server)
    return { origin, server }
  },
}

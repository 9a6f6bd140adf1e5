import { join } from 'node:path'
import { freePort, startServer, untilReady } from '../processes.ts'
import { plainLane } from './direct.ts'
import type { Target } from './target.ts'

/** The yardstick: the least that a Node proxy which looks at every event can do (`bare-proxy-server.ts`). */
export const bareProxy: Target = {
  name: 'bare-proxy',
  lanes: [
    { ...plainLane('openai'), name: 'bare openai' },
    { ...plainLane('anthropic'), name: 'bare anthropic' },
  ],
  async start({ upstreamOrigin, compiled, collectable }) {
    const port = await freePort()
    const script = join(compiled, 'targets', 'bare-proxy-server.js')
    const server = startServer(script, { args: [String(port), upstreamOrigin], collectable })
    const origin = `http://127.0.0.1:${port}`
    await untilReady(`${origin}/healthz`, server)
    return { origin, server }
  },
}

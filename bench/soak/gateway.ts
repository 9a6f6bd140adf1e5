import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { hashOf, newKey } from '../../plugins/auth/key.ts'
import { projectRoot } from '../compile.ts'
import { testKeys } from '../control.ts'
import { freePort, type ServerProcess, startServer, untilReady } from '../processes.ts'

export interface SoakGateway {
  readonly origin: string
  readonly server: ServerProcess
  /** Gateway keys: some that may ask as much as they like, and one that may ask next to nothing. */
  readonly keys: { readonly rich: readonly string[]; readonly poor: string }
}

export interface SoakGatewayOptions {
  readonly upstreamPort: number
  readonly compiled: string
  /** Where its processes put their probes. */
  readonly probes: string
  readonly workers: string
  readonly redisUrl: string | undefined
}

/** This project as it is built, for many tenants, with every limit counted. */
export async function startGateway(options: SoakGatewayOptions): Promise<SoakGateway> {
  const { upstreamPort, compiled, probes, workers, redisUrl } = options
  const script = join(projectRoot, 'dist', 'server.js')
  if (!existsSync(script)) throw new Error('dist/server.js is missing; npm run build makes it')
  const port = await freePort()
  const keys = { rich: Array.from({ length: 8 }, () => newKey().reveal()), poor: newKey().reveal() }
  const upstream = `http://127.0.0.1:${upstreamPort}`
  const server = startServer(script, {
    args: ['serve'],
    env: {
      SOAK_PROBES: probes,
      VAI_PORT: String(port),
      VAI_WORKERS: workers,
      ...(redisUrl !== undefined && { VAI_REDIS_URL: redisUrl }),
      VAI_LOG_LEVEL: 'error',
      VAI_AUTH_MODE: 'required',
      VAI_GATEWAY_KEYS: JSON.stringify(documentOf(keys)),
      VAI_ANTHROPIC_BASE_URL: upstream,
      VAI_OPENAI_BASE_URL: `${upstream}/v1`,
      ANTHROPIC_API_KEY: testKeys.anthropic,
      OPENAI_API_KEY: testKeys.openai,
      VAI_UPSTREAM_FIRST_BYTE_MS: '1000',
      VAI_LIMIT_TOKENS_PER_MINUTE: '1000000000',
      VAI_LIMIT_COST_PER_DAY_USD: '1000000',
      // So many of the calls are to fail that the providers would be left alone.
      VAI_BREAKER_FAILURE_PERCENT: '95',
    },
    preload: pathToFileURL(join(compiled, 'soak', 'probe.js')),
  })
  const origin = `http://127.0.0.1:${port}`
  await untilReady(`${origin}/healthz`, server)
  return { origin, server, keys }
}

function documentOf({ rich, poor }: SoakGateway['keys']): object {
  const much = {
    requests_per_minute: 1_000_000_000,
    requests_burst: 1_000_000_000,
    concurrent_requests: 100_000,
    concurrent_streams: 100_000,
  }
  const record = (key: string, id: string, limits: object) => ({
    id,
    hash: `sha256:${hashOf(key)}`,
    tenant: `tenant-${id}`,
    role: 'admin',
    limits,
  })
  const records = [
    ...rich.map((key, index) => record(key, `rich-${index}`, much)),
    record(poor, 'poor', { requests_per_minute: 10 }),
  ]
  return {
    tenants: Object.fromEntries(records.map(({ tenant }) => [tenant, { limits: { concurrent_requests: 100_000 } }])),
    keys: records,
  }
}

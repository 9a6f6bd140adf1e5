import { afterAll, describe, expect, it } from 'vitest'
import {
  CodeExecutionTool,
  ComputerUseTool,
  FileSearchTool,
  TextEditorTool,
  UserLocation,
  WebFetchTool,
  WebSearchTool,
} from '../api/schemas.gen.ts'
import { matrixEntry } from '../providers/capabilities.ts'
import { providers } from '../providers/index.ts'
import { errorOf, startGateway } from './gateway.ts'
import { json } from './upstreams/behaviour.ts'
import { startUpstream } from './upstreams/upstream.ts'

/**
 * What limits a portable tool must not vanish on the way to a provider: each member of each config is sent, refused or told of.
 */

type Config = Readonly<Record<string, unknown>>
interface Sampled {
  readonly schema: unknown
  /** What the config cannot do without. */
  readonly needed: Config
  readonly members: Config
}

const place = { city: 'Oslo', region: 'Oslo', country: 'NO', timezone: 'Europe/Oslo' }
const tools: Readonly<Record<string, Sampled>> = {
  web_search: {
    schema: WebSearchTool,
    needed: {},
    members: { max_uses: 3, allowed_domains: ['a.test'], blocked_domains: ['b.test'], user_location: place },
  },
  web_fetch: {
    schema: WebFetchTool,
    needed: {},
    members: {
      max_uses: 3,
      allowed_domains: ['a.test'],
      blocked_domains: ['b.test'],
      max_content_tokens: 500,
      citations: { enabled: true },
    },
  },
  code_execution: { schema: CodeExecutionTool, needed: {}, members: {} },
  computer_use: {
    schema: ComputerUseTool,
    needed: { display_width_px: 800, display_height_px: 600 },
    members: { display_width_px: 801, display_height_px: 601, display_number: 2 },
  },
  file_search: {
    schema: FileSearchTool,
    needed: { vector_store_ids: ['vs_1'] },
    members: { vector_store_ids: ['vs_2'], max_num_results: 3 },
  },
  text_editor: { schema: TextEditorTool, needed: {}, members: { max_characters: 1000 } },
}

/** Models that run tools themselves, where not all of a provider's do. */
const models: Readonly<Record<string, readonly string[]>> = {
  anthropic: ['claude-sonnet-4-5'],
  groq: ['openai/gpt-oss-120b', 'groq/compound', 'a-model-of-tomorrow'],
}

const callable = providers.filter(({ upstream }) => upstream)
const upstream = await startUpstream(() => json({}))
const urls = callable.map(({ upstream: settings }) => [settings?.baseURLVariable ?? '', upstream.url])
const gateway = await startGateway({
  env: { ...Object.fromEntries(urls), VAI_RETRY_ATTEMPTS: '0', VAI_BREAKER_FAILURE_PERCENT: '0' },
  keys: Object.fromEntries(callable.map(({ id }) => [id, 'sk-test-config'])),
})
afterAll(async () => {
  await gateway.close()
  await upstream.close()
})

it('has a sample of every member', () => {
  for (const { schema, members } of Object.values(tools)) {
    expect(Object.keys(Object(schema).properties.config.properties ?? {})).toEqual(Object.keys(members))
  }
  expect(Object.keys(Object(UserLocation).properties)).toEqual(['type', ...Object.keys(place)])
})

describe.each(
  callable.flatMap((provider) => (models[provider.id] ?? ['m']).map((name) => [`${provider.id}/${name}`, provider] as const)),
)('%s', (model, { matrix }) => {
  const taken = Object.entries(tools).filter(
    ([type]) => matrixEntry(matrix, `tool.${type}` as 'tool.web_search').treatment !== 'reject',
  )
  const members = taken.flatMap(([type, { needed, members: all }]) =>
    Object.entries(all).flatMap(([name, value]) =>
      name === 'user_location'
        ? Object.entries(place).map(
            ([part, word]) =>
              [type, `${name}.${part}`, needed, { user_location: { type: 'approximate', [part]: word } }] as const,
          )
        : [[type, name, needed, { [name]: value }] as const],
    ),
  )
  if (members.length === 0) it.skip('takes no tool that has a config', () => undefined)
  it.each(members)('%s.%s is sent, refused or told of', async (type, name, needed, member) => {
    const sent = async (config: Config): Promise<{ body: unknown; told: string[] }> => {
      const before = upstream.requests.length
      const tool = { type, ...(Object.keys(config).length > 0 && { config }) }
      const request = { model, max_tokens: 50, messages: [{ role: 'user', content: 'Hi.' }], tools: [tool] }
      const response = await gateway.post(request)
      if (upstream.requests.length > before) return { body: upstream.requests.at(-1)?.json, told: [] }
      const { issues } = await errorOf(response)
      return { body: undefined, told: (issues ?? []).map(({ param }) => param ?? '') }
    }
    const plain = await sent(needed)
    const limited = await sent({ ...needed, ...member })
    if (plain.body === undefined) return expect(limited.body).toBeUndefined()
    if (limited.body === undefined) expect(limited.told.some((param) => isOf(param, `tools[0].config.${name}`))).toBe(true)
    else expect(limited.body).not.toEqual(plain.body)
  })
})

/** Whether one of the paths is the other, or a member of it. */
function isOf(one: string, other: string): boolean {
  return one === other || one.startsWith(`${other}.`) || other.startsWith(`${one}.`)
}

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { Secret } from '../api/secret.ts'
import { settingsTable } from '../cli/settings-table.ts'
import { authMode, baseURLSetting, ConfigError, credentialsMode, loadConfig, ownReached, settings } from '../config.ts'
import { providers, speechProviders } from '../providers/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'vai-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

const catalogueFile = join(folder, 'models.json')
writeFileSync(catalogueFile, '{}')

let files = 0
function yamlFile(text: string): string {
  const file = join(folder, `${files++}.yaml`)
  writeFileSync(file, text)
  return file
}

async function problemsOf(env: Record<string, string>, file?: string): Promise<string> {
  const error: unknown = await loadConfig(env, file).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(ConfigError)
  return error instanceof Error ? error.message : ''
}

/** A value other than the default for each setting, as text and as it is read. */
const samples: Readonly<Record<string, readonly [string, unknown]>> = {
  host: ['127.0.0.2', '127.0.0.2'],
  port: ['0', 0],
  log_level: ['debug', 'debug'],
  auth_mode: ['disabled', 'disabled'],
  allow_open_relay: ['true', true],
  credentials: ['managed', 'managed'],
  demo: ['false', false],
  allowed_models: ['demo/*', ['demo/*']],
  catalogue: [catalogueFile, catalogueFile],
  limit_run_turns: ['7', 7],
  limit_parallel_tools: ['3', 3],
  allowed_tools: ['vai_*', ['vai_*']],
  tools: ['{"crm":{"description":"Looks a customer up.","url":"http://127.0.0.1:9/crm"}}', ['crm']],
  ollama_detect: ['false', false],
  providers: ['vllm, mistral', ['vllm', 'mistral']],
  retry_attempts: ['3', 3],
  breaker_failure_percent: ['40', 40],
  workers: ['3', 3],
  gateway_keys: ['{"keys":[]}', { keys: [] }],
  gateway_keys_file: ['keys.json', 'keys.json'],
  cors_origins: ['https://app.example.com', ['https://app.example.com']],
  trust_proxy: ['10.0.0.0/8', ['10.0.0.0/8']],
  metrics: ['public', 'public'],
  limit_cost_per_day_usd: ['2.5', 2.5],
  redis_url: ['redis://:secret-word@127.0.0.1:6379', 'redis://:secret-word@127.0.0.1:6379'],
  redis_prefix: ['other', 'other'],
  stt_model: ['demo/meter', 'demo/meter'],
  voice_fallbacks: ['demo/soft, demo/low', ['demo/soft', 'demo/low']],
  live: ['false', false],
  live_speech_gate: ['strict', 'strict'],
  live_trace_dir: ['/var/lib/vai', '/var/lib/vai'],
  live_trace_audio: ['true', true],
  live_log_transcripts: ['true', true],
  limit_audio_blocks: ['8', 8],
  stt_parallel: ['7', 7],
  tts_cache_redis_url: ['redis://:secret-word@127.0.0.1:6379', 'redis://:secret-word@127.0.0.1:6379'],
  tts_cache_shared: ['true', true],
  speech: ['kokoro, whisper-cpp', ['kokoro', 'whisper-cpp']],
  google_tts_endpoint: ['tts.example.com:443', new URL('https://tts.example.com')],
  limit_store_lost: ['refuse', 'refuse'],
  limit_bodies_bytes: ['123456789', 123_456_789],
  shed_memory_percent: ['80', 80],
  log_prompts: ['true', true],
  otlp_endpoint: ['http://127.0.0.1:4318', new URL('http://127.0.0.1:4318')],
  trace_sample_percent: ['12', 12],
}

function sampleOf(name: string): readonly [string, unknown] {
  if (samples[name]) return samples[name]
  if (name.endsWith('_base_url')) return ['http://127.0.0.1:9/v1', new URL('http://127.0.0.1:9/v1')]
  if (name === 'model_aliases') return ['fast=demo/echo, slow = openai/a/b', { fast: 'demo/echo', slow: 'openai/a/b' }]
  return ['1234', 1234]
}

function read(config: Awaited<ReturnType<typeof loadConfig>>, name: string): unknown {
  if (name === 'providers') return config.providers.slice(providers.length).map(({ id }) => id)
  if (name === 'speech') return config.speech.slice(speechProviders.length).map(({ id }) => id)
  if (name === 'tools') return config.tools.map((tool) => tool.name)
  const reached = ownReached.find(({ upstream }) => upstream && baseURLSetting(upstream) === name)
  const value = reached ? config.baseURLs.get(reached.id) : new Map<string, unknown>(Object.entries(config)).get(name)
  return value instanceof Secret ? value.reveal() : value
}

describe('every setting', () => {
  it.each(Object.entries(settings))('%s is read from the environment', async (name, { env }) => {
    const [text, value] = sampleOf(name)
    expect(read(await loadConfig({}), name)).not.toEqual(value)
    expect(read(await loadConfig({ [env]: text }), name)).toEqual(value)
  })

  it.each(Object.keys(settings))('%s is read from the file', async (name) => {
    const [text, value] = sampleOf(name)
    const written = name === 'model_aliases' ? JSON.stringify(value) : text
    expect(read(await loadConfig({}, yamlFile(`${name}: ${written}\n`)), name)).toEqual(value)
  })

  it.each(Object.entries(settings))(
    '%s in the environment wins over the file, and counts as unset when it is empty',
    async (name, { env }) => {
      const [text, value] = sampleOf(name)
      const file = yamlFile(`${name}: ${name === 'model_aliases' ? JSON.stringify(value) : text}\n`)
      expect(read(await loadConfig({ [env]: '', VAI_CONFIG: file }), name)).toEqual(value)
      if (typeof value === 'number') {
        expect(read(await loadConfig({ [env]: String(value + 1), VAI_CONFIG: file }), name)).toBe(value + 1)
      }
    },
  )

  it.each(Object.entries(settings))('%s has a name of its own and a meaning', (name, { env, meaning }) => {
    expect(env).toMatch(/^VAI_[A-Z0-9_]+$/)
    expect(Object.values(settings).filter((setting) => setting.env === env)).toHaveLength(1)
    expect(name).toMatch(/^[a-z0-9_]+$/)
    expect(meaning).toMatch(/^[A-Z].*\.$/)
  })

  it.each(Object.entries(settings).filter(([, { defaultText }]) => defaultText !== ''))(
    '%s may be set to its own default',
    async (name, { env, defaultText }) => {
      expect(read(await loadConfig({ [env]: defaultText }), name)).toEqual(read(await loadConfig({}), name))
    },
  )
})

describe('what a setting says that it takes', () => {
  it.each(Object.entries(settings).filter(([, { accepts }]) => / to /.test(accepts)))(
    '%s takes its bounds and nothing beyond them',
    async (name, { env, accepts }) => {
      const [least = 0, most = 0] = accepts.split(' to ').map(Number)
      const others = { VAI_LIMIT_BODY_BYTES: '1024', VAI_LIMIT_BODIES_BYTES: String(1024 ** 4) }
      for (const value of [least, most]) expect(read(await loadConfig({ ...others, [env]: String(value) }), name)).toBe(value)
      for (const value of [least - 1, most + 1])
        expect(await problemsOf({ ...others, [env]: String(value) })).toContain(`${env}:`)
    },
  )

  it.each(Object.entries(settings).filter(([, { accepts }]) => /^[a-z]+(, [a-z]+)+$/.test(accepts)))(
    '%s takes each of its words and no other',
    async (name, { env, accepts }) => {
      for (const word of accepts.split(', ')) {
        expect(String(settings[name]?.read(word))).toBe(word)
        expect(await problemsOf({ [env]: `${word}x` })).toContain(env)
      }
    },
  )

  it('is printed with it', async () => {
    const printed = settingsTable(await loadConfig({}))
    for (const { accepts } of Object.values(settings)) expect(printed).toContain(`Takes: ${accepts}.`)
  })
})

describe('the defaults', () => {
  it('are those of the contract', async () => {
    const mebibyte = 1024 * 1024
    expect(await loadConfig({})).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      demo: true,
      model_aliases: {},
      limit_body_bytes: 32 * mebibyte,
      limit_image_bytes: 5 * mebibyte,
      limit_block_bytes: 16 * mebibyte,
      limit_base64_bytes: 24 * mebibyte,
      limit_messages: 10_000,
      limit_text_bytes: 8 * mebibyte,
      limit_stream_ms: 600_000,
      ping_interval_ms: 15_000,
      upstream_connect_ms: 5000,
      upstream_first_byte_ms: 60_000,
      upstream_idle_ms: 60_000,
    })
  })

  it('are the roots that the providers name themselves', async () => {
    const { baseURLs } = await loadConfig({})
    const named = new Map(
      ownReached.flatMap(({ id, upstream }): [string, string][] =>
        upstream ? [[id, new URL(upstream.defaultBaseURL).href]] : [],
      ),
    )
    expect([...baseURLs].map(([id, url]) => [id, url.href])).toEqual([...named])
    expect(Object.fromEntries(named)).toMatchObject({
      anthropic: 'https://api.anthropic.com/',
      openai: 'https://api.openai.com/v1',
    })
  })

  it('cannot be changed once they are read', async () => {
    expect(Object.isFrozen(await loadConfig({}))).toBe(true)
  })
})

describe('an unknown name', () => {
  it('in the environment is refused, with the one that was meant', async () => {
    expect(await problemsOf({ VAI_PROT: '80' })).toBe('VAI_PROT is not a setting; did you mean VAI_PORT?')
    expect(await problemsOf({ VAI_ANTROPIC_BASE_URL: 'x' })).toContain('did you mean VAI_ANTHROPIC_BASE_URL?')
    expect(await problemsOf({ VAI_FIXTURES_DIR: 'x' })).toContain('VAI_FIXTURES_DIR is not a setting')
    expect(await problemsOf({ VAI_SOMETHING_ELSE_ALTOGETHER: '1' })).toContain('`vai config` lists them all')
  })

  it('in the file is refused, with the one that was meant', async () => {
    const problems = await problemsOf({}, yamlFile('prot: 80\nconstructor: 1\n'))
    expect(problems).toContain('prot is not a setting; did you mean port?')
    expect(problems).toContain('constructor is not a setting')
  })

  it("of another program's is none of ours", async () => {
    await expect(
      loadConfig({ PATH: '/bin', VAI: '1', OPENAI_API_KEY: 'sk-test-0123456789', vai_port: '1' }),
    ).resolves.toBeDefined()
  })
})

describe('a wrong value', () => {
  it.each([
    ['VAI_PORT', '65536', 'a whole number from 0 to 65535 is expected, not "65536"'],
    ['VAI_PORT', '-1', 'a whole number from 0 to 65535'],
    ['VAI_PORT', '80.5', 'a whole number'],
    ['VAI_PORT', '0x50', 'a whole number'],
    ['VAI_PORT', '1e3', 'a whole number'],
    ['VAI_PORT', 'eighty', 'a whole number'],
    ['VAI_PORT', ' ', 'text is expected'],
    ['VAI_DEMO', 'yes', 'true or false is expected, not "yes"'],
    ['VAI_DEMO', 'TRUE', 'true or false'],
    ['VAI_LOG_LEVEL', 'loud', 'one of trace, debug, info, warn, error, silent is expected'],
    ['VAI_AUTH_MODE', 'none', 'one of required, optional, disabled'],
    ['VAI_CREDENTIALS', 'mine', 'one of byok, hybrid, managed'],
    ['VAI_HOST', ' ', 'text is expected'],
    ['VAI_ANTHROPIC_BASE_URL', 'api.anthropic.com', 'a URL that begins with http:// or https://'],
    ['VAI_ANTHROPIC_BASE_URL', 'ftp://a.test', 'a URL that begins with http:// or https://'],
    ['VAI_ANTHROPIC_BASE_URL', 'https://user:pass@a.test', 'no user, password, query or fragment'],
    ['VAI_ANTHROPIC_BASE_URL', 'https://a.test?key=1', 'no user, password, query or fragment'],
    ['VAI_ANTHROPIC_BASE_URL', 'https://a.test#x', 'no user, password, query or fragment'],
    ['VAI_MODEL_ALIASES', 'fast', 'name=provider/name is expected'],
    ['VAI_MODEL_ALIASES', 'fast=echo', 'a model as provider/name is expected'],
    ['VAI_MODEL_ALIASES', '=demo/echo', 'name=provider/name is expected'],
    ['VAI_ALLOWED_TOOLS', 'crm lookup', 'the name of a tool, or a pattern with *, is expected, not "crm lookup"'],
    ['VAI_TOOLS', 'crm', 'JSON is expected'],
    ['VAI_TOOLS', '["crm"]', 'a mapping is expected'],
    ['VAI_TOOLS', '{"crm":{"description":"x","url":"crm"}}', 'tools.crm.url: a URL that begins with http:// or https://'],
    ['VAI_LIMIT_MESSAGES', '0', 'a whole number from 1 to 10000'],
    ['VAI_CORS_ORIGINS', 'https://*.example.com', 'an exact origin (https://app.example.com) is expected'],
    ['VAI_CORS_ORIGINS', '*', 'an exact origin'],
    ['VAI_CORS_ORIGINS', 'null', 'an exact origin'],
    ['VAI_CORS_ORIGINS', 'https://app.example.com/', 'an exact origin'],
    ['VAI_CORS_ORIGINS', 'ftp://app.example.com', 'an exact origin'],
    ['VAI_TRUST_PROXY', '10.0.0.0/33', 'an address, or a block of them'],
    ['VAI_TRUST_PROXY', '0.0.0.0/0', '0.0.0.0/0 is every address'],
    ['VAI_TRUST_PROXY', '127.0.0.1,::/00', '::/00 is every address'],
  ])('%s=%s is refused with what is right', async (env, value, message) => {
    expect(await problemsOf({ [env]: value })).toMatch(`${env}: `)
    expect(await problemsOf({ [env]: value })).toContain(message)
  })

  it.each([
    ['port: "80a"', 'a whole number'],
    ['port: 80.5', 'a whole number'],
    ['port: [80]', 'text is expected'],
    ['port: true', 'text is expected'],
    ['demo: 1', 'true or false'],
    ['host: {}', 'text is expected'],
    ['model_aliases: [a]', 'a mapping is expected'],
    ['model_aliases: {fast: 5}', 'a model as provider/name'],
    ['log_level: 3', 'one of trace'],
    ['- port', 'a mapping of settings is expected'],
    ['just text', 'a mapping of settings is expected'],
    ['port: [', '.yaml'],
    ['port: 1\nport: 2', '.yaml'],
  ])('in the file, %j, is refused with the place it stands in', async (text, message) => {
    const file = yamlFile(text)
    const problems = await problemsOf({}, file)
    expect(problems).toContain(message)
    expect(problems).toContain(file)
  })

  it('is told together with all others', async () => {
    const problems = await problemsOf({ VAI_PORT: 'x', VAI_DEMO: 'x', VAI_NONSENSE_NAME_HERE: 'x' }, yamlFile('log_level: x\n'))
    expect(problems.split('\n')).toHaveLength(4)
  })

  it('never breaks the reading in any other way', async () => {
    const names = Object.values(settings).map(({ env }) => env)
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.constantFrom(...names), fc.string(), { noNullPrototype: true }), async (env) => {
        const error: unknown = await loadConfig(env).then(
          () => undefined,
          (thrown: unknown) => thrown,
        )
        if (error !== undefined) expect(error).toBeInstanceOf(ConfigError)
      }),
    )
  })
})

describe('the largest body', () => {
  it('is within what large bodies may have, or both settings are named', async () => {
    const both = (body: number, all: number) => ({ VAI_LIMIT_BODY_BYTES: String(body), VAI_LIMIT_BODIES_BYTES: String(all) })
    await expect(loadConfig(both(3000, 4000))).resolves.toMatchObject({ limit_body_bytes: 3000 })
    const problem = await problemsOf(both(3001, 4000))
    expect(problem).toContain('VAI_LIMIT_BODY_BYTES to 3000 or less, or VAI_LIMIT_BODIES_BYTES to 4002 or more')
    await expect(loadConfig(both(3001, 4002))).resolves.toBeDefined()
    expect(await problemsOf({}, yamlFile('limit_bodies_bytes: 4000\n'))).toContain('limit_body_bytes is 33554432')
  })
})

describe('a file', () => {
  it('as the documentation shows it is read', async () => {
    const examples = [...readFileSync(new URL('../docs/operators.md', import.meta.url), 'utf8').matchAll(/```yaml\n(.*?)```/gs)]
    expect(examples.length).toBeGreaterThan(1)
    for (const [, text = ''] of examples) await expect(loadConfig({}, yamlFile(text))).resolves.toBeDefined()
    const servers = examples.find(([, text]) => text?.includes('providers:'))?.[1] ?? ''
    const { baseURLs, providers: served, models } = await loadConfig({ VAI_PROVIDERS: 'mistral' }, yamlFile(servers))
    expect(served.slice(providers.length).map(({ id }) => id)).toEqual(['ollama', 'azure', 'house', 'mistral'])
    expect(baseURLs.get('house')?.href).toBe('http://10.0.0.5:8000/v1')
    expect(models).toContainEqual(expect.objectContaining({ id: 'house/qwen3', context_window: 32_768 }))
  })

  it('that is not there is told', async () => {
    expect(await problemsOf({ VAI_CONFIG: join(folder, 'missing.yaml') })).toMatch(/missing\.yaml.*ENOENT/)
  })

  it('may be empty', async () => {
    expect(await loadConfig({}, yamlFile(''))).toEqual(await loadConfig({}))
  })
})

describe('an address that others can reach', () => {
  it.each(['0.0.0.0', '::', '192.168.1.5', 'gateway.test', '127.evil.test', '10.127.0.1'])(
    '%s asks for keys, or has to be opened on purpose',
    async (host) => {
      expect(authMode(await loadConfig({ VAI_HOST: host }))).toBe('required')
      expect(authMode(await loadConfig({ VAI_HOST: host, VAI_ALLOW_OPEN_RELAY: 'true' }))).toBe('required')
      expect(await problemsOf({ VAI_HOST: host, VAI_AUTH_MODE: 'disabled' })).toContain('VAI_ALLOW_OPEN_RELAY=true')
      const config = await loadConfig({ VAI_HOST: host, VAI_AUTH_MODE: 'disabled', VAI_ALLOW_OPEN_RELAY: 'true' })
      expect(authMode(config)).toBe('disabled')
      // An open port never spends the operator's money.
      expect(credentialsMode(config)).toBe('byok')
    },
  )

  it("spends the operator's money only where the operator says so", async () => {
    const open = { VAI_HOST: '0.0.0.0', VAI_AUTH_MODE: 'disabled', VAI_ALLOW_OPEN_RELAY: 'true' }
    expect(credentialsMode(await loadConfig({ ...open, VAI_CREDENTIALS: 'hybrid' }))).toBe('hybrid')
  })
})

describe('an address of this machine alone', () => {
  it.each(['127.0.0.1', '127.9.9.9', 'localhost', '::1'])("%s needs no auth, and may use the operator's keys", async (host) => {
    const config = await loadConfig({ VAI_HOST: host })
    expect(authMode(config)).toBe('disabled')
    expect(credentialsMode(config)).toBe('hybrid')
  })

  it('can ask for keys, too', async () => {
    for (const mode of ['required', 'optional'] as const) expect(authMode(await loadConfig({ VAI_AUTH_MODE: mode }))).toBe(mode)
  })
})

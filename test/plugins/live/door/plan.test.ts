import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { GatewayError } from '../../../../api/error.ts'
import type { LiveHello } from '../../../../api/schemas.gen.ts'
import { defaultLimits, defaultRules } from '../../../../plugins/live/rules.ts'
import { deepgramKey, errorOf, ownTool, type Planning, pcm16, problemsOf, startPlanning, tenantKey } from './planning.ts'

let keyless: Planning
let keyed: Planning
beforeAll(async () => {
  keyless = await startPlanning()
  keyed = await startPlanning({
    keys: { deepgram: deepgramKey, cartesia: 'sk-test-cartesia', openai: 'sk-test-openai' },
    env: {
      VAI_VOICE_FALLBACKS: 'demo/low, demo/soft, elevenlabs/21m00Tcm4TlvDq8ikWAM, cartesia/f786b574-daa5-4673-aa0c-cbe3e8534c02',
    },
  })
})
afterAll(async () => {
  for (const each of [keyless, keyed]) await each.close()
})

describe('a session without a microphone', () => {
  it('has what the contract says where nothing is said', async () => {
    const plan = await keyless.plan()
    const { voice, ...speaking } = plan.speaking
    expect(plan).toMatchObject({
      rules: { ...defaultRules, limits: { ...defaultLimits, resumeMs: 20_000, idleMs: 60_000, totalMs: 600_000, drainMs: 5000 } },
      features: { audio_transport: 'binary', send_playback_marks: true, want_alignment: false, client_has_aec: true },
      warnings: [],
      audioOut: { encoding: 'pcm', rate: 24_000 },
      asking: {
        model: 'demo/echo',
        toolTimeoutMs: 30_000,
        maxToolCalls: 20,
        speechGate: 'lenient',
        clientTools: [],
        serverTools: [],
      },
      messages: [],
    })
    expect([plan.audioIn, plan.hearing, plan.greeting]).toEqual([undefined, undefined, undefined])
    expect([voice.id, voice.voice, speaking.fallbacks]).toEqual(['demo/tones', 'soft', []])
  })

  it('refuses what has no effect without one', async () => {
    expect(await problemsOf(keyless.plan({ stt: { model: 'demo' }, turn: { mode: 'semantic' } }))).toEqual([
      'stt: conflict',
      'turn.mode: conflict',
    ])
  })
})

describe('what is wrong', () => {
  it('is told all at once, by the fields of hello', async () => {
    const error = await errorOf(
      keyless.planOf(
        {
          type: 'hello',
          protocol_version: '1',
          audio_in: { encoding: 'pcm_s16le', sample_rate_hz: 22_050 },
          audio_out: { encoding: 'mulaw', sample_rate_hz: 16_000 },
          tts: { voice: 'demo/nobody', options: { emotion: 'joy' } },
          turn: { speculation: true },
          tools: { timeout_ms: 600_000, client_tools: [ownTool('talk_to_user')] },
          features: { audio_transport: 'base64_json' },
        },
        { isMsgpack: true, checkAsking: () => Promise.reject(tooMany) },
      ),
    )
    expect(error).toMatchObject({ status: 400, type: 'invalid_request_error', param: 'model', code: 'required' })
    expect(error.issues?.map(({ param, code }) => `${param}: ${code}`)).toEqual([
      'model: required',
      'audio_in.sample_rate_hz: invalid_enum',
      'audio_out.sample_rate_hz: invalid_enum',
      'features.audio_transport: conflict',
      'turn.speculation: conflict',
      'tools.client_tools[0].name: conflict',
      'tools.timeout_ms: out_of_range',
      'tts.options.emotion: unsupported_parameter',
      'tts.voice: unknown_voice',
      'messages[0].content: empty',
    ])
  })

  it('is not told beside a version that nobody knows', async () => {
    const error = await errorOf(keyless.planOf({ type: 'hello', protocol_version: '2' }))
    expect(error.issues).toEqual([
      {
        param: 'protocol_version',
        code: 'unsupported_version',
        message: 'this gateway speaks version 1 of the protocol, not "2"',
      },
    ])
  })

  it('goes before a refusal, which keeps its own status', async () => {
    const refusal = new GatewayError('model_not_allowed', { param: 'model' })
    const checkAsking = () => Promise.reject(refusal)
    expect(await errorOf(keyless.plan({}, { checkAsking }))).toBe(refusal)
    expect(await problemsOf(keyless.plan({ stt: {} }, { checkAsking }))).toEqual(['stt: conflict'])
  })

  it('with the model is told, too, which alone keeps its own status', async () => {
    const unknown = await errorOf(keyless.plan({ model: 'nobody/none' }))
    expect(unknown).toMatchObject({ status: 404, code: 'unknown_provider', param: 'model' })
    expect(await problemsOf(keyless.plan({ model: 'nobody/none', stt: {} }))).toEqual([
      'stt: conflict',
      'model: unknown_provider',
    ])
    const messages = [{ role: 'assistant', content: 'Hi' }] as const
    expect(await problemsOf(keyless.plan({ messages: [...messages], tts: { voice: 'soft' } }))).toEqual([
      'tts.voice: unknown_voice',
      'messages[0].role: first_message_role',
    ])
    expect(await errorOf(keyless.plan({ model: 'openai/gpt-5-mini' }))).toMatchObject({
      status: 401,
      code: 'missing_provider_key',
      param: 'byok.keys.openai',
    })
  })

  it('with who hears is told beside what is wrong with the microphone, or without one', async () => {
    const audio_in = { encoding: 'mulaw', sample_rate_hz: 16_000 } as const
    expect(await problemsOf(keyless.plan({ audio_in, stt: { model: 'nobody/ear' } }))).toEqual([
      'audio_in.sample_rate_hz: invalid_enum',
      'stt.model: unknown_provider',
    ])
    expect(await problemsOf(keyless.plan({ stt: { model: 'nobody/ear' } }))).toEqual([
      'stt: conflict',
      'stt.model: unknown_provider',
    ])
  })

  it('is not made of what went wrong otherwise', async () => {
    const fault = new TypeError('a fault')
    await expect(keyless.plan({}, { checkAsking: () => Promise.reject(fault) })).rejects.toBe(fault)
  })
})

const tooMany = new GatewayError('invalid_request', {
  issues: [
    { param: 'model', code: 'empty', message: 'must not be empty' },
    { param: 'messages[0].content', code: 'empty', message: 'must not be empty' },
  ],
})

describe('tools', () => {
  it('are asked for as they are named', async () => {
    const tools = {
      server_tools: ['vai_web_fetch'],
      server_tool_config: { vai_web_fetch: { max_characters: 500 } },
      client_tools: [ownTool('open_door')],
      timeout_ms: 5000,
      max_tool_calls: 3,
      filler: { texts: ['One moment.'] },
    }
    const { asking, rules } = await keyless.plan({ tools, max_tokens: 100, system: 'Be brief.' })
    expect(asking).toEqual({
      model: 'demo/echo',
      system: 'Be brief.',
      maxTokens: 100,
      serverTools: ['vai_web_fetch'],
      serverToolConfig: { vai_web_fetch: { max_characters: 500 } },
      clientTools: [ownTool('open_door')],
      toolTimeoutMs: 5000,
      maxToolCalls: 3,
      speechGate: 'lenient',
      script: { language: undefined, maxCharacters: 10_000 },
    })
    expect(rules.filler).toEqual({ afterMs: 1500, texts: ['One moment.'] })
  })

  it('have names and schemas that every provider takes', async () => {
    const client_tools = ['bad name!', 'größe', 'a.b', 'x'.repeat(64), 'A_z-0'].map(ownTool)
    const error = await errorOf(keyless.plan({ tools: { client_tools } }))
    expect(error.issues).toEqual(
      [0, 1, 2].map((index) => ({
        param: `tools.client_tools[${index}].name`,
        code: 'invalid',
        message: 'letters, digits, _ and - are expected, at most 64 of them',
      })),
    )
  })

  it('have names that the model can tell apart', async () => {
    const client_tools = ['look', 'look', 'vai_web_fetch', 'talk_to_user'].map(ownTool)
    expect(await problemsOf(keyless.plan({ tools: { client_tools, server_tools: ['vai_web_fetch'] } }))).toEqual([
      'tools.client_tools[1].name: duplicate',
      'tools.client_tools[2].name: conflict',
      'tools.client_tools[3].name: conflict',
    ])
  })

  it('are there, may be used, and are set to what they take', async () => {
    const wrong = {
      server_tools: ['vai_web_fetch', 'vai_web_fetsch', 'vai_web_fetch'],
      server_tool_config: { vai_web_fetch: { max_characters: 1 }, vai_web_search: {} },
    }
    expect(await problemsOf(keyless.plan({ tools: wrong }))).toEqual([
      'tools.server_tools[1]: unknown_builtin',
      'tools.server_tools[2]: duplicate',
      'tools.server_tool_config.vai_web_search: tool_not_found',
      'tools.server_tool_config.vai_web_fetch.max_characters: out_of_range',
    ])
    const principal = { mayUseTool: () => false }
    const error = await errorOf(keyless.plan({ tools: { server_tools: ['vai_web_fetch'] } }, { principal }))
    expect(error).toMatchObject({ status: 403, code: 'tool_not_allowed', param: 'tools.server_tools[0]' })
  })

  it('have no more time and calls than the operator allows', async () => {
    expect(await problemsOf(keyless.plan({ tools: { timeout_ms: 120_001, max_tool_calls: 51 } }))).toEqual([
      'tools.timeout_ms: out_of_range',
      'tools.max_tool_calls: out_of_range',
    ])
  })
})

describe('who hears', () => {
  // Who answers is asked elsewhere.
  const anyModel = { checkAsking: () => Promise.resolve() }
  const heardBy = async (planning: Planning, hello: Partial<LiveHello>) =>
    (await planning.plan({ audio_in: pcm16, ...hello }, anyModel)).hearing

  it('is the demo for a model of the demo, whoever has a key', async () => {
    expect((await heardBy(keyless, {}))?.model.id).toBe('demo/meter')
    expect((await heardBy(keyed, {}))?.model.id).toBe('demo/meter')
  })

  it('is the first with a key that hears streams for any other', async () => {
    expect((await heardBy(keyed, { model: 'openai/gpt-5-mini' }))?.model.id).toBe('deepgram/nova-3')
    const brought = await keyless.plan(
      { audio_in: pcm16, model: 'openai/gpt-5-mini' },
      { ...anyModel, headers: { 'x-provider-key-cartesia': 'sk-test-own' } },
    )
    expect(brought.hearing?.model.provider.id).toBe('cartesia')
    const tenants = await keyless.plan(
      { audio_in: pcm16, model: 'openai/gpt-5-mini' },
      { ...anyModel, principal: { providerKey: (id) => (id === 'openai' ? tenantKey : undefined) } },
    )
    expect(tenants.hearing?.model.id).toBe('openai/gpt-4o-transcribe')
  })

  it('is nobody without a key, which is a refusal', async () => {
    for (const stt of [{}, { model: 'deepgram' }]) {
      const error = await errorOf(keyless.plan({ audio_in: pcm16, model: 'openai/gpt-5-mini', stt }, anyModel))
      expect(error).toMatchObject({ status: 401, code: 'missing_provider_key', param: 'byok.keys.deepgram' })
      expect(error.message).toMatch(/^stt\.model: There is no key for .*Deepgram.*byok\.keys\.deepgram.*X-Provider-Key-Deepgram/)
    }
  })

  it('is the operator’s usual model where it hears streams, and may be another of its provider where that can do what is asked', async () => {
    const usual = await startPlanning({ keys: { deepgram: deepgramKey }, env: { VAI_STT_MODEL: 'deepgram/nova-2' } })
    expect((await heardBy(usual, {}))?.model.id).toBe('deepgram/nova-2')
    expect((await heardBy(usual, { turn: { mode: 'semantic' } }))?.model.id).toBe('deepgram/flux-general-en')
    await usual.close()
    const files = await startPlanning({
      keys: { elevenlabs: 'sk-test-elevenlabs', deepgram: deepgramKey },
      env: { VAI_STT_MODEL: 'elevenlabs/scribe_v1' },
    })
    expect((await heardBy(files, { model: 'openai/gpt-5-mini' }))?.model.id).toBe('deepgram/nova-3')
    await files.close()
  })

  it('is a model that can do what is asked where only its provider is named', async () => {
    const semantic = { turn: { mode: 'semantic' } } as const
    expect((await heardBy(keyed, { stt: { model: 'deepgram' } }))?.model.id).toBe('deepgram/nova-3')
    expect((await heardBy(keyed, { stt: { model: 'deepgram' }, ...semantic }))?.model.id).toBe('deepgram/flux-general-en')
    expect((await heardBy(keyed, { stt: { model: 'deepgram', language: 'fr' }, ...semantic }))?.model.id).toBe(
      'deepgram/flux-general-multi',
    )
  })

  it('is refused where it hears no streams, with those that do', async () => {
    const error = await errorOf(keyed.plan({ audio_in: pcm16, stt: { model: 'deepgram/whisper-large' } }))
    expect(error).toMatchObject({ param: 'stt.model', code: 'unsupported_audio' })
    expect(error.message).toMatch(/deepgram\/whisper-large hears no streams; those that do: deepgram\/nova-3, .*demo\/meter/)
  })

  it('is refused where it does not do what is asked of turns, with those that do', async () => {
    const turn = { mode: 'semantic', speculation: true } as const
    const error = await errorOf(keyed.plan({ audio_in: pcm16, stt: { model: 'deepgram/nova-3' }, turn }))
    expect(error.issues?.map(({ param, code }) => `${param}: ${code}`)).toEqual([
      'turn.mode: unsupported_parameter',
      'turn.speculation: unsupported_parameter',
    ])
    expect(error.message).toMatch(/those that do: deepgram\/flux-general-en, deepgram\/flux-general-multi, .*cartesia\/ink-2/)
    const openai = await errorOf(keyed.plan({ audio_in: pcm16, stt: { model: 'openai/gpt-4o-transcribe' }, turn }))
    expect(openai.issues?.map(({ param }) => param)).toEqual(['turn.speculation'])
  })

  it('knows the language and the hints, or says that it does not', async () => {
    const stt = { model: 'demo', options: { hints: ['Ada'] } }
    expect(await problemsOf(keyed.plan({ audio_in: pcm16, stt }))).toEqual(['stt.options.hints: unsupported_parameter'])
    expect(await problemsOf(keyed.plan({ audio_in: pcm16, stt: { model: 'cartesia/ink-2', language: 'fr' } }))).toEqual([
      'stt.language: unsupported_language',
    ])
    expect(await problemsOf(keyed.plan({ audio_in: pcm16, stt: { model: 'nobody/ear' } }))).toEqual([
      'stt.model: unknown_provider',
    ])
  })

  it('must be one that who asks may use', async () => {
    const principal = { mayUse: (id: string) => id !== 'deepgram/nova-3' }
    const error = await errorOf(keyed.plan({ audio_in: pcm16, stt: { model: 'deepgram/nova-3' } }, { principal }))
    expect(error).toMatchObject({ status: 403, code: 'model_not_allowed', param: 'stt.model' })
  })
})

describe('what is heard', () => {
  const formatFor = async (audio_in: LiveHello['audio_in'], model: string) =>
    (await keyed.plan({ ...(audio_in && { audio_in }), stt: { model } })).hearing?.format

  it.each([
    [8000, 'deepgram/nova-3', 8000],
    [44_100, 'deepgram/nova-3', 44_100],
    [16_000, 'openai/gpt-4o-transcribe', 24_000],
    [48_000, 'openai/gpt-4o-transcribe', 24_000],
    [48_000, 'demo/meter', 48_000],
  ])('at %i hertz is sent to %s at %i', async (rate, model, sent) => {
    expect(await formatFor({ encoding: 'pcm_s16le', sample_rate_hz: rate }, model)).toEqual({ encoding: 'pcm', rate: sent })
  })

  it('as µ-law is sent as it is where the model takes it, else as PCM', async () => {
    const mulaw = { encoding: 'mulaw', sample_rate_hz: 8000 } as const
    expect(await formatFor(mulaw, 'deepgram/nova-3')).toEqual({ encoding: 'mulaw', rate: 8000 })
    expect(await formatFor(mulaw, 'openai/gpt-4o-transcribe')).toEqual({ encoding: 'pcm', rate: 24_000 })
  })
})

describe('turns', () => {
  const flux = { model: 'deepgram/flux-general-en' }

  it('that end by silence ask nothing of the engine', async () => {
    const { hearing, rules } = await keyed.plan({ audio_in: pcm16, stt: flux, turn: { silence_ms: 800, grace_ms: 0 } })
    expect(hearing?.options).toEqual({ language: undefined, hints: [] })
    expect(rules.turn).toMatchObject({ mode: 'silence', silenceMs: 800, graceMs: 0 })
  })

  it('that end by what is said tell the engine how certain to be', async () => {
    const plan = (turn: LiveHello['turn'], options = {}) =>
      keyed.plan({ audio_in: pcm16, stt: { ...flux, options }, turn: { mode: 'semantic', ...turn } })
    expect((await plan({})).hearing?.options).toEqual({ language: undefined, hints: [], endThreshold: 0.65 })
    expect((await plan({ silence_ms: 2000 }, { end_threshold: 0.8 })).hearing?.options).toMatchObject({
      endThreshold: 0.8,
      silenceMs: 2000,
    })
    expect((await plan({ speculation: true }, { eager_threshold: 0.4 })).hearing?.options).toMatchObject({
      endThreshold: 0.65,
      eagerThreshold: 0.4,
    })
  })

  it('refuse thresholds that nothing goes by', async () => {
    const options = { end_threshold: 0.8, eager_threshold: 0.4 }
    expect(await problemsOf(keyed.plan({ audio_in: pcm16, stt: { ...flux, options } }))).toEqual([
      'stt.options.end_threshold: conflict',
      'stt.options.eager_threshold: conflict',
    ])
  })

  it('go by the thresholds of who speaks', async () => {
    const thresholds = { min_characters: 2, min_confidence: 0.3, voice_margin_db: 12, voice_least_db: -40 }
    const { hearing, rules } = await keyed.plan({ audio_in: pcm16, turn: { thresholds, interruption: 'energy' } })
    expect(rules.turn).toMatchObject({
      interruption: 'energy',
      thresholds: { minCharacters: 2, minCharactersInEcho: 8, minConfidence: 0.3 },
    })
    expect(hearing?.energy).toEqual({ marginDb: 12, leastDb: -40 })
  })
})

describe('who speaks', () => {
  it('is followed by those voices of the operator that can do it, may be used and have a key', async () => {
    const voicesFor = async (tts: LiveHello['tts'], principal = {}) => {
      const { speaking, rules } = await keyed.plan(tts ? { tts } : {}, { principal })
      expect(rules.hasFallbackVoice).toBe(speaking.fallbacks.length > 0)
      return speaking.fallbacks.map(({ provider, voice }) => `${provider.id}/${voice.slice(0, 8)}`)
    }
    expect(await voicesFor({ voice: 'demo/soft' })).toEqual(['demo/low', 'cartesia/f786b574'])
    expect(await voicesFor({ voice: 'deepgram/aura-2-thalia-en' })).toEqual(['demo/low', 'demo/soft', 'cartesia/f786b574'])
    expect(await voicesFor({ voice: 'demo/soft', speed: 3 })).toEqual(['demo/low'])
    const withoutDemo = { mayUse: (id: string) => !id.startsWith('demo/tones') }
    expect(await voicesFor({ voice: 'deepgram/aura-2-thalia-en' }, withoutDemo)).toEqual(['cartesia/f786b574'])
  })

  it('is refused by its field', async () => {
    expect(await problemsOf(keyless.plan({ tts: { voice: 'soft' } }))).toEqual(['tts.voice: unknown_voice'])
    expect(await problemsOf(keyless.plan({ tts: { voice: 'demo/soft', model: 'demo/none' } }))).toEqual([
      'tts.model: unknown_model',
    ])
    expect(await problemsOf(keyless.plan({ tts: { voice: 'demo/soft', language: 'not a language' } }))).toEqual([
      'tts.language: invalid',
    ])
    expect(await problemsOf(keyless.plan({ tts: { voice: 'cartesia/f786b574-daa5-4673-aa0c-cbe3e8534c02' } }))).toEqual([
      'byok.keys.cartesia: missing_provider_key',
    ])
  })

  it('is told of where times are wanted that it does not tell', async () => {
    const features = { want_alignment: true }
    const openai = await keyed.plan({ tts: { voice: 'openai/alloy' }, features })
    expect(openai.warnings).toEqual([
      {
        code: 'alignment_unavailable',
        message: 'openai/gpt-4o-mini-tts tells no times of its words: its sound comes without alignment.',
      },
    ])
    expect((await keyed.plan({ features })).warnings).toEqual([])
    expect((await keyed.plan({ tts: { voice: 'openai/alloy' } })).warnings).toEqual([])
  })
})

describe('a key that is missing', () => {
  const clean = { type: 'hello', protocol_version: '1', model: 'demo/echo', tts: { voice: 'demo/soft' } } as const

  it.each<[string, Partial<LiveHello>, string, string]>([
    ['the model', { model: 'openai/gpt-5-mini' }, 'model', 'openai'],
    ['who hears', { audio_in: pcm16, stt: { model: 'deepgram/nova-3' } }, 'stt.model', 'deepgram'],
    ['who speaks', { tts: { voice: 'openai/alloy' } }, 'tts.voice', 'openai'],
    ['a tool', { tools: { server_tools: ['vai_web_search'] } }, 'tools.server_tools[0]', 'tavily'],
  ])('for %s is told by the field of hello that would hold it, and both ways to send it', async (_, asked, needs, id) => {
    const error = await errorOf(keyless.planOf({ ...clean, ...asked }))
    expect(error).toMatchObject({ status: 401, code: 'missing_provider_key', param: `byok.keys.${id}` })
    expect(error.message.startsWith(`${needs}: There is no key for `)).toBe(true)
    expect(error.message).toMatch(
      new RegExp(`in hello as .*\\bbyok\\.keys\\.${id}\\b.*, or with the upgrade in the header .*X-Provider-Key-`),
    )
    expect(error.issues?.map(({ param }) => param)).toEqual([`byok.keys.${id}`])
  })

  it('is told by what needs it where callers may bring none', async () => {
    const managed = await startPlanning({ env: { VAI_CREDENTIALS: 'managed' } })
    const error = await errorOf(managed.plan({ tts: { voice: 'openai/alloy' } }))
    expect(error).toMatchObject({ code: 'missing_provider_key', param: 'tts.voice' })
    expect(error.message).not.toContain('byok')
    await managed.close()
  })
})

it('keys are nowhere in a plan', async () => {
  const plan = await keyless.plan({
    auth: { gateway_api_key: 'vai_sk_test' },
    byok: { keys: { deepgram: deepgramKey } },
    messages: [{ role: 'user', content: 'Hi' }],
    greeting: 'Hello.',
  })
  expect(JSON.stringify(plan.terms)).not.toMatch(/sk_test|sk-test/)
  expect(plan).toMatchObject({ greeting: 'Hello.', messages: [{ role: 'user', content: 'Hi' }] })
})

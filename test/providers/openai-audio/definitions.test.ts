import { afterEach, describe, expect, it } from 'vitest'
import { speechSetting } from '../../../config/speech.ts'
import { defineSpeechProviders } from '../../../providers/openai-audio/index.ts'
import type { SpeechProvider } from '../../../providers/speech.ts'
import { speechPresetNames } from '../../../providers/speech-presets.ts'
import { collected, speechCall } from '../../speech-call.ts'
import { json, reply } from '../../upstreams/behaviour.ts'
import { sawtooth, textsOf } from '../../upstreams/openai-audio.ts'
import { startUpstream } from '../../upstreams/upstream.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
})

const free = { ids: ['openai'], keyHeaders: ['x-provider-key-openai'], variables: ['VAI_PORT'] }

function defined(mapping: Record<string, unknown>, named: readonly string[] = []): readonly SpeechProvider[] {
  const { providers, problems } = defineSpeechProviders(mapping, named, free)
  expect(problems).toEqual([])
  return providers
}

function problems(definition: unknown): readonly string[] {
  return defineSpeechProviders({ mine: definition }, [], free).problems
}

describe('an operator turns on', () => {
  it('each preset by its name', () => {
    const providers = defined({}, speechPresetNames)
    expect(providers.map(({ id, stt, tts }) => [id, stt?.models[0].name, tts?.models[0].name])).toEqual([
      ['speaches', 'Systran/faster-whisper-small', 'speaches-ai/Kokoro-82M-v1.0-ONNX'],
      ['kokoro', undefined, 'kokoro'],
      ['whisper-cpp', 'whisper', undefined],
      ['localai', 'whisper-1', 'tts-1'],
    ])
    expect(providers[0]?.upstream).toEqual({
      keyHeader: 'X-Provider-Key-Speaches',
      keyVariables: ['SPEACHES_API_KEY'],
      keyOptional: true,
      baseURLVariable: 'VAI_SPEACHES_BASE_URL',
      defaultBaseURL: 'http://127.0.0.1:8000/v1',
    })
    expect(providers[0]?.stt?.capabilities('any').stream).toMatchObject({ turns: 'silence' })
    expect(providers[2]?.stt?.transcribe).toBeUndefined()
  })

  it('a preset as the file changes it', () => {
    const [kokoro] = defined(
      { kokoro: { name: 'Voices', tts: { voices: ['af_heart', 'bf_emma'], speed: { least: 0.5, most: 2 } } } },
      ['kokoro'],
    )
    expect(kokoro?.name).toBe('Voices')
    expect(kokoro?.tts?.capabilities('kokoro')).toMatchObject({ voices: ['af_heart', 'bf_emma'], speed: { least: 0.5, most: 2 } })
    expect(kokoro?.tts?.capabilities('kokoro')).toMatchObject({ pcmRates: [24_000], opus: true, languages: [] })
  })

  it('half of a preset alone', () => {
    const [speaches] = defined({ speaches: { tts: false } })
    expect([speaches?.stt !== undefined, speaches?.tts]).toEqual([true, undefined])
  })

  it('a server of their own', () => {
    const [mine] = defined({
      mine: {
        base_url: 'https://speech.example.com/v1',
        key_variable: 'MY_SPEECH_KEY',
        stt: { models: ['large', 'small'], default_model: 'small', languages: ['en', 'hi-IN'], files: ['wav'], realtime: true },
        tts: { default_model: 'piper', formats: ['wav'], pcm_rate: 22_050, max_characters: 500 },
      },
    })
    expect(mine?.upstream).toMatchObject({ keyVariables: ['MY_SPEECH_KEY'], keyHeader: 'X-Provider-Key-Mine' })
    expect(mine?.upstream?.keyOptional).toBeUndefined()
    expect(mine?.stt?.models.map(({ name }) => name)).toEqual(['small', 'large'])
    expect(mine?.stt?.capabilities('small')).toMatchObject({ files: { kinds: ['wav'] }, languages: ['en', 'hi'] })
    expect(mine?.tts?.capabilities('piper')).toMatchObject({
      pcmRates: [22_050],
      mp3: false,
      maxCharacters: 500,
      speed: undefined,
    })
  })
})

describe('a server that an operator defines is asked', () => {
  it('without a key, with its own headers, where it listens', async () => {
    const upstream = await startUpstream(json({ text: ' Yes.\n' }))
    const test = speechCall(upstream.url, '', 'whisper')
    open.push(upstream, test)
    const [whisper] = defined({ 'whisper-cpp': { headers: { 'X-Team': 'voice' } } })
    const file = { bytes: sawtooth(100), kind: 'wav', mediaType: 'audio/wav', seconds: undefined } as const
    expect(await whisper?.stt?.transcribeFile?.(file, { hints: [], language: 'en-GB' }, test.call)).toEqual({ text: 'Yes.' })
    const [request] = upstream.requests
    expect([request?.path, request?.headers.authorization, request?.headers['x-team']]).toEqual([
      '/inference',
      undefined,
      'voice',
    ])
    expect(request && textsOf(request)).toMatchObject({ language: 'en', response_format: 'verbose_json' })
  })

  it('with its key where it takes it, and for the rate it was said to have', async () => {
    const upstream = await startUpstream(reply(sawtooth(200), { headers: { 'content-type': 'audio/pcm' } }))
    const test = speechCall(`${upstream.url}/v1`, 'sk-test-mine', 'voice-1')
    open.push(upstream, test)
    const [mine] = defined({
      mine: {
        base_url: 'http://127.0.0.1/v1',
        key_header: 'X-Key',
        tts: { default_model: 'voice-1', sends_rate: true, pcm_rate: 16_000 },
      },
    })
    const format = { encoding: 'pcm', rate: 16_000 } as const
    const spoken = mine?.tts?.synthesize('Hello.', { voice: 'any voice', format }, test.call)
    expect(spoken && (await collected(spoken)).at(-1)).toEqual({ type: 'done' })
    const [request] = upstream.requests
    expect([request?.path, request?.headers['x-key'], request?.headers.authorization]).toEqual([
      '/v1/audio/speech',
      'sk-test-mine',
      undefined,
    ])
    expect(request?.json).toEqual({
      model: 'voice-1',
      input: 'Hello.',
      voice: 'any voice',
      response_format: 'pcm',
      sample_rate: 16_000,
    })
  })
})

describe('a mistake is told with its path', () => {
  it.each<[unknown, string]>([
    ['kokoro', 'speech.mine: a mapping is expected, not "kokoro"'],
    [{}, 'speech.mine: stt or tts is missing; without both it neither hears nor speaks'],
    [{ preset: 'kokoro', tts: false }, 'speech.mine: stt or tts is missing; without both it neither hears nor speaks'],
    [
      { preset: 'kokora' },
      'speech.mine.preset: there is no preset "kokora"; did you mean kokoro? There are speaches, kokoro, whisper-cpp, localai',
    ],
    [{ preset: 'kokoro', base_ur: 'x' }, 'speech.mine.base_ur is not known; did you mean base_url?'],
    [
      { preset: 'kokoro', api_key: 'x' },
      "speech.mine.api_key: keys do not stand in the file; name the environment's variable that holds it in key_variable",
    ],
    [
      { preset: 'kokoro', base_url: 'ftp://x' },
      'speech.mine.base_url: a URL that begins with http:// or https:// is expected, not "ftp://x"',
    ],
    [{ preset: 'kokoro', tts: { voice: ['x'] } }, 'speech.mine.tts.voice is not known; did you mean voices?'],
    [{ preset: 'kokoro', tts: { formats: ['ogg'] } }, 'speech.mine.tts.formats: "ogg" is none of pcm, wav, mp3, opus'],
    [
      { preset: 'kokoro', tts: { formats: ['mp3'] } },
      'speech.mine.tts.formats: pcm or wav is missing; without both there is no sound to play while it comes',
    ],
    [
      { preset: 'kokoro', tts: { pcm_rate: '24k' } },
      'speech.mine.tts.pcm_rate: a whole number from 8000 to 48000 is expected, not "24k"',
    ],
    [
      { preset: 'kokoro', tts: { speed: 2 } },
      'speech.mine.tts.speed: true, false or a mapping of least (at most 1) and most (at least 1) is expected, not 2',
    ],
    [{ stt: {} }, 'speech.mine.stt.default_model is missing: the model to take where a caller names none'],
    [
      { stt: { default_model: 'x', realtime: 'maybe' } },
      'speech.mine.stt.realtime: true, false or flat is expected, not "maybe"',
    ],
    [
      { stt: { default_model: 'x', path: 'inference' } },
      'speech.mine.stt.path: a path that begins with / is expected, not "inference"',
    ],
    [{ stt: { default_model: 'x', models: [] } }, 'speech.mine.stt.models: a list of texts is expected, not []'],
    [
      { stt: { default_model: 'x' }, headers: { Authorization: 'x' } },
      "speech.mine.headers.Authorization: keys do not stand in the file; name the environment's variable in key_variable, and its header in key_header",
    ],
  ])('%j', (definition, problem) => {
    expect(problems(definition)).toEqual([problem])
  })

  it('and names that others have', () => {
    const mine = { preset: 'kokoro' }
    const { providers, problems: told } = defineSpeechProviders({ openai: mine, Loud: mine, kokoro: {} }, ['kokora', 'localai'], {
      ...free,
      variables: ['VAI_LOCALAI_BASE_URL'],
    })
    expect(providers.map(({ id }) => id)).toEqual(['kokoro'])
    expect(told).toEqual([
      'VAI_SPEECH: there is no preset "kokora"; did you mean kokoro? There are speaches, kokoro, whisper-cpp, localai',
      'speech.openai: there is a provider openai already; take another name',
      'speech.Loud: a name begins with a lower-case letter, consists of those, digits and -, and has at most 32 characters',
      'speech.localai: the setting VAI_LOCALAI_BASE_URL is there already; take another name',
    ])
  })
})

describe('the setting', () => {
  it.each([
    [undefined, {}],
    ['kokoro, localai', { kokoro: {}, localai: {} }],
    [['kokoro'], { kokoro: {} }],
    [{ mine: { preset: 'kokoro' } }, { mine: { preset: 'kokoro' } }],
  ])('reads %j', (raw, value) => {
    expect(speechSetting.read(raw)).toEqual(value)
  })

  it('refuses what is no mapping', () => {
    expect(() => speechSetting.read(7)).toThrow('a mapping is expected')
  })
})

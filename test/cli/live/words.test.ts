import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LiveServerMessage } from '../../../api/schemas.gen.ts'
import { addressOf, keysOf } from '../../../cli/access.ts'
import { readArguments } from '../../../cli/arguments.ts'
import { Captions, latencyOf } from '../../../cli/live/captions.ts'
import { commandIn } from '../../../cli/live/commands.ts'
import { Journal } from '../../../cli/live/journal.ts'
import { type LiveTalkArguments, paramsOf } from '../../../cli/live/options.ts'
import { installHint, type Machine, playerOn, recorderOn } from '../../../cli/live/programs.ts'
import { screenOn } from '../../../cli/live/screen.ts'
import { Turns } from '../../../cli/live/turns.ts'
import { problemsWith } from '../../contract-schemas.ts'
import { ack } from '../../sdk/live/scripted-gateway.ts'

function asked(line: string): LiveTalkArguments {
  const read = readArguments(['live', ...line.split(' ').filter((word) => word !== '')])
  if (read.command !== 'live') throw new Error(read.command)
  return read.talk
}

describe('what the session is to be', () => {
  const params = (line: string, hears = false) => paramsOf(asked(line), '1.2.3', hears)

  it('is the demo where nothing is said, and hears only where there is a microphone', () => {
    expect(params('--text')).toMatchObject({
      model: 'demo/echo',
      tts: { voice: 'demo/soft' },
      features: { client_has_aec: true },
    })
    expect(params('--text --language de --stt demo/meter')).not.toHaveProperty('stt')
    expect(params('', true)).not.toHaveProperty('stt')
    expect(params('--stt demo/meter', true)).toMatchObject({ stt: { model: 'demo/meter' } })
  })

  it('is what is said', () => {
    const line =
      '--model openai/gpt-5-mini --voice cartesia/x --stt deepgram/nova-3 --language de --system Short. --tool a --tool b --provider-key deepgram=DEEPGRAM_API_KEY'
    const made = params(line, true)
    expect(made).toMatchObject({
      model: 'openai/gpt-5-mini',
      system: 'Short.',
      tools: { server_tools: ['a', 'b'] },
      stt: { model: 'deepgram/nova-3', language: 'de' },
      tts: { voice: 'cartesia/x', language: 'de' },
    })
    expect(problemsWith('LiveHello', { type: 'hello', protocol_version: '1', ...made })).toEqual([])
    expect(keysOf(asked(line), { DEEPGRAM_API_KEY: 'sk-test-1' }).providerKeys).toEqual({ deepgram: 'sk-test-1' })
  })

  it.each([
    ['', false],
    ['--headphones', true],
    ['--in a.wav', true],
    ['--in a.wav --no-aec', false],
    ['--text', true],
  ])('%s: whether the microphone is free of what is played is %s', (line, hasAec) => {
    expect(params(line, true).features?.client_has_aec).toBe(hasAec)
  })

  it.each([
    ['', {}, 'http://127.0.0.1:8080'],
    ['', { VAI_BASE_URL: '' }, 'http://127.0.0.1:8080'],
    ['', { VAI_BASE_URL: 'https://voice.example/v1/' }, 'https://voice.example'],
    ['--url http://localhost:9000', { VAI_BASE_URL: 'https://voice.example' }, 'http://localhost:9000'],
    ['--url https://voice.example/base/', {}, 'https://voice.example/base'],
    ['--url wss://voice.example/v1/live', {}, 'https://voice.example'],
  ])('%s, %j: the gateway is at %s', (line, environment, url) => {
    expect(addressOf(asked(line), environment)).toBe(url)
  })

  it.each(['ftp://x', 'localhost:80', 'ws://key@host', 'ws://host?key=1'])('%s is the address of none', (url) => {
    expect(() => addressOf(asked(`--url ${url}`), {})).toThrow(/^--url: /)
    expect(() => addressOf(asked(''), { VAI_BASE_URL: url })).toThrow(/^VAI_BASE_URL: /)
  })
})

describe('lines that are typed', () => {
  it.each<[string, object]>([
    ['Hello', { type: 'say', text: 'Hello' }],
    ['  ', { type: 'nothing' }],
    ['/quit', { type: 'quit' }],
    [' /interrupt ', { type: 'control', op: 'interrupt' }],
    ['/mute', { type: 'control', op: 'mute' }],
    ['/unmute', { type: 'control', op: 'unmute' }],
    ['/mtue', { type: 'tell', text: '/mtue is not a command; did you mean /mute?' }],
    ['/help', { type: 'tell' }],
    ['/etc/hosts', { type: 'tell' }],
  ])('%s is understood', (line, command) => {
    expect(commandIn(line)).toMatchObject(command)
  })
})

describe('a screen', () => {
  it('shows a line as one, with nothing that would steer the terminal or turn what is said around', () => {
    const stdout = new PassThrough()
    const screen = screenOn({ stdin: new PassThrough(), stdout, stderr: new PassThrough() })
    screen.said('a\u001b[2J\r\nb\u202ec\u200e')
    expect(String(stdout.read())).toBe('a\u241b[2J b\ufffdc\n')
    screen.close()
  })
})

describe('captions', () => {
  function told(...messages: readonly Told[]): string[] {
    const lines: string[] = []
    const captions = new Captions({
      isTerminal: true,
      said: (line) => void lines.push(line),
      note: (line) => void lines.push(`# ${line}`),
      now: (text) => void lines.push(`… ${text}`),
      onTyped: () => undefined,
      close: () => undefined,
    })
    for (const [seq, message] of messages.entries()) captions.message({ seq, ...message })
    return lines
  }

  it('show what is being said until it is certain', () => {
    const heard = (text: string): Told => ({
      type: 'transcript_delta',
      utterance_id: 'utterance_1',
      is_final: false,
      text,
      timestamp_ms: 1,
    })
    expect(
      told(
        { type: 'turn_state', state: 'listening', turn_id: null },
        heard('what'),
        heard('what time'),
        { type: 'utterance_final', utterance_id: 'utterance_1', text: 'What time is it?', end_ms: 1 },
        { type: 'turn_state', state: 'thinking', turn_id: 'turn_1' },
      ),
    ).toEqual([
      '… listening',
      '… listening: what',
      '… listening: what time',
      'you: What time is it?',
      '… listening',
      '… thinking',
    ])
  })

  it('tell the answer sentence by sentence, and what there is of the last one when the turn is over', () => {
    const delta = (text: string): Told => ({ type: 'assistant_text_delta', turn_id: 'turn_1', text })
    const over: Told = { type: 'turn_complete', turn_id: 'turn_1', stop_reason: 'barge_in', played_text: '', append: [] }
    expect(told(delta('It is'), delta(' nine. '), delta('Or\nten, as you'), over)).toEqual([
      'assistant: It is nine.',
      'assistant: Or',
      'assistant: ten, as you',
      '# (interrupted: you spoke)',
    ])
  })

  it('tell in words what is wrong, and what tools do', () => {
    expect(
      told(
        { type: 'warning', code: 'tts_retry', message: 'The voice failed.' },
        {
          type: 'error',
          scope: 'turn',
          error_type: 'provider_error',
          code: 'provider_error',
          message: 'It failed.',
          retryable: true,
          close: false,
        },
        { type: 'tool_call', tool_use_id: 'x', name: 'set_timer', input: {} },
        {
          type: 'run_event',
          turn_id: 'turn_1',
          event: { type: 'tool_call_start', index: 0, id: 'x', name: 'vai_web_search', input: {} },
        },
        { type: 'turn_cancelled', turn_id: 'turn_1', reason: 'grace' },
        { type: 'audio_unavailable', turn_id: 'turn_1', text: 'x' },
      ),
    ).toEqual([
      '# Warning: The voice failed.',
      '# Error (provider_error): It failed.',
      '# The model calls set_timer, which this client does not have.',
      '# The gateway runs vai_web_search.',
      '# (taken back: you went on)',
      '# What follows cannot be spoken.',
    ])
  })

  it('tell how long it took, as far as it was measured', () => {
    const metrics = { type: 'turn_metrics', seq: 1, turn_id: 'turn_1' } as const
    expect(latencyOf({ ...metrics, voice_to_voice_ms: 801.4, eou_delay_ms: 600 }, 850.2)).toBe(
      'first sound after 850 ms; gateway: voice to voice 801 ms, end of turn 600 ms',
    )
    expect(latencyOf(metrics, undefined)).toBe('')
  })
})

describe('how long answers take', () => {
  it('is from when somebody has finished to the first sound of the turn, once', () => {
    const turns = new Turns()
    const start = (audio: string, turn: string): LiveServerMessage => ({
      type: 'assistant_audio_start',
      seq: 1,
      assistant_audio_id: audio,
      turn_id: turn,
      format: { encoding: 'pcm_s16le', sample_rate_hz: 24_000 },
    })
    turns.message(start('audio_1', 'turn_1'))
    turns.heard('audio_1', 50)
    expect(turns.takeHeardMs('turn_1')).toBeUndefined()
    turns.asked(100)
    turns.asked(1000)
    turns.message(start('audio_2', 'turn_2'))
    turns.heard('audio_2', 1800)
    turns.message(start('audio_3', 'turn_2'))
    turns.heard('audio_3', 5000)
    expect(turns.takeHeardMs('turn_2')).toBe(800)
    expect(turns.takeHeardMs('turn_2')).toBeUndefined()
  })
})

describe('the journal', () => {
  it('holds no token, and sound as its sizes', () => {
    const lines: string[] = []
    let now = 0
    const journal = new Journal(
      (line) => void lines.push(line),
      () => now++,
    )
    journal.came(ack({ resume_token: 'token_1' }))
    journal.went({ type: 'control', op: 'mute' })
    for (let count = 0; count < 51; count++) journal.soundWent(640)
    journal.sound({ type: 'audio', seq: 2, assistant_audio_id: 'audio_1', sound: new Uint8Array(960) })
    expect(lines.join()).not.toContain('token_1')
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { at_ms: 0, from: 'gateway', message: { ...ack(), resume_token: '…' } },
      { at_ms: 1, from: 'client', message: { type: 'control', op: 'mute' } },
      { at_ms: 2, from: 'client', sound_bytes: 32_000, frames: 50 },
      { at_ms: 3, from: 'client', sound_bytes: 640, frames: 1 },
      {
        at_ms: 4,
        from: 'gateway',
        message: { type: 'assistant_audio_chunk_header', seq: 2, assistant_audio_id: 'audio_1', bytes: 960 },
      },
      { at_ms: 5, from: 'gateway', sound_bytes: 960 },
    ])
  })
})

describe('what records and plays', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'vai-programs-'))
    for (const name of ['ffmpeg', 'ffplay', 'ffmpeg.exe']) {
      writeFileSync(join(folder, name), '')
      chmodSync(join(folder, name), 0o755)
    }
    writeFileSync(join(folder, 'sox'), 'no program')
  })
  afterAll(() => {
    rmSync(folder, { recursive: true })
  })
  const on = (platform: NodeJS.Platform): Machine => ({ platform, path: ['/nowhere', '', folder].join(delimiter) })

  it('is ffmpeg where there is no sox', () => {
    expect(recorderOn(on('linux'), 16_000, undefined)?.args.join(' ')).toContain('-f alsa -i default -ac 1 -ar 16000 -f s16le')
    expect(recorderOn(on('darwin'), 16_000, ':1')?.args.join(' ')).toContain('-f avfoundation -i :1')
    expect(recorderOn(on('win32'), 16_000, 'Headset')?.args.join(' ')).toContain('-f dshow -i audio=Headset')
    expect(() => recorderOn(on('win32'), 16_000, undefined)).toThrow(/^--microphone: .*list_devices/)
    expect(playerOn(on('linux'), 24_000, undefined)).toMatchObject({ name: 'ffplay', wantsHeader: true })
    expect(() => playerOn(on('linux'), 24_000, 'hw:1')).toThrow(/^--speaker: /)
  })

  it('is sox where there is one', () => {
    chmodSync(join(folder, 'sox'), 0o755)
    expect(recorderOn(on('linux'), 16_000, 'hw:1')).toMatchObject({ name: 'sox', env: { AUDIODEV: 'hw:1' } })
    expect(playerOn(on('linux'), 24_000, undefined)?.args.join(' ')).toMatch(
      /-t raw -r 24000 -c 1 -b 16 -e signed-integer -L - -d$/,
    )
  })

  it('is nothing where there is neither, and may be installed', () => {
    const bare: Machine = { platform: 'linux', path: '/nowhere' }
    expect([recorderOn(bare, 16_000, undefined), playerOn(bare, 24_000, undefined)]).toEqual([undefined, undefined])
    expect((['linux', 'darwin', 'win32'] as const).map((platform) => installHint({ ...bare, platform }))).toEqual([
      expect.stringContaining('apt'),
      expect.stringContaining('brew'),
      expect.stringContaining('winget'),
    ])
  })
})

type Told = LiveServerMessage extends infer Each ? (Each extends LiveServerMessage ? Omit<Each, 'seq'> : never) : never

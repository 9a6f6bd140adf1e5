import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../api/clock.ts'
import { levelDb } from '../../../audio/energy.ts'
import { parseWav, pcmOfWav, wavOf } from '../../../audio/wav.ts'
import { type Gateway, startGateway } from '../../gateway.ts'
import { type Network, startNetwork } from '../../live/network.ts'
import { ack, startScriptedGateway } from '../../sdk/live/scripted-gateway.ts'
import { until } from '../../until.ts'
import { closedPort } from '../../upstreams/upstream.ts'
import { type Running, type RunningOptions, vaiLive } from './terminal.ts'

let gateway: Gateway
let folder: string
let url: string
const running: Running[] = []

beforeAll(async () => {
  gateway = await startGateway()
  url = gateway.url
  folder = mkdtempSync(join(tmpdir(), 'vai-live-'))
})
afterEach(async () => {
  for (const each of running.splice(0)) {
    each.signal()
    each.signal()
    await each.exit
  }
})
afterAll(async () => {
  await gateway.close()
  rmSync(folder, { recursive: true })
})

function live(args: readonly string[], options?: RunningOptions, at = url): Running {
  const one = vaiLive(['--url', at, ...args], options)
  running.push(one)
  return one
}

const file = (name: string): string => join(folder, name)

/** A voice as the demo hears one: a tone that swells, between silences. */
function spoken(rate: number, ...ms: readonly number[]): Uint8Array {
  const samples = ms.flatMap((length, part) =>
    Array.from({ length: (length * rate) / 1000 }, (_, index) =>
      part % 2 === 0 ? 0 : Math.round(8000 * Math.sin((index * 2 * Math.PI * 220) / rate)),
    ),
  )
  return wavOf(new Uint8Array(Int16Array.from(samples).buffer), rate)
}

/** What is in a WAV file: its length, and from where to where something is heard in it, in milliseconds. */
function heardIn(path: string) {
  const wav = parseWav(readFileSync(path))
  expect([wav.rate, wav.channels, wav.format]).toEqual([24_000, 1, 's16le'])
  const pcm = pcmOfWav(wav)
  const loud: number[] = []
  for (let ms = 0; (ms + 10) * 48 <= pcm.length; ms += 10) if (levelDb(pcm.subarray(ms * 48, (ms + 10) * 48)) > -50) loud.push(ms)
  return { ms: pcm.length / 48, from: loud[0] ?? Number.NaN, to: (loud.at(-1) ?? Number.NaN) + 10, loudMs: loud.length * 10 }
}

/** How long the demo takes to say something, alone. */
async function lengthOf(text: string): Promise<number> {
  const answer = await gateway.post({
    model: 'demo/echo',
    voice: { output: { voice: 'demo/soft', format: 'wav' } },
    messages: [{ role: 'user', content: text }],
  })
  const { content }: { content: { type: string; source?: { data: string } }[] } = JSON.parse(await answer.text())
  const data = content.find(({ type }) => type === 'audio')?.source?.data ?? ''
  return pcmOfWav(parseWav(Buffer.from(data, 'base64'))).length / 48
}

describe('vai live', { timeout: 60_000 }, () => {
  it('answers what comes out of a pipe, in words and in a file', async () => {
    const { exit, output, errors, type, end } = live(['--text', '--out', file('answer.wav')])
    type('Good morning. It is nine.')
    end()
    expect(await exit).toBe(0)
    expect(output()).toBe('you: Good morning. It is nine.\nassistant: Good morning.\nassistant: It is nine.\n')
    expect(errors()).toMatch(/^live_\w+: demo\/echo answers, demo\/soft speaks\n/)
    expect(errors()).toMatch(/^first sound after \d+ ms; gateway: model \d+ ms, voice \d+ ms$/m)
    expect(errors()).toMatch(/^The session is over: 1 turn in /m)
    const heard = heardIn(file('answer.wav'))
    // All of it was heard, and the file is as long as the session was.
    expect(heard.to - heard.from).toBeGreaterThan((await lengthOf('Good morning. It is nine.')) * 0.8)
    expect(heard.ms).toBeGreaterThanOrEqual(heard.to)
  })

  it('speaks a recording, hears the answer and writes what was heard when it was', async () => {
    writeFileSync(file('question.wav'), spoken(16_000, 300, 1200, 200))
    const { exit, output, errors } = live(['--in', file('question.wav'), '--out', file('answer.wav')])
    expect(await exit, errors()).toBe(0)
    expect(output()).toMatch(/^you: Speech of 1\.\d seconds\.\nassistant: Speech of 1\.\d seconds\.\n$/)
    expect(errors()).toContain('demo/meter hears')
    expect(errors()).toMatch(/^first sound after \d+ ms; gateway: voice to voice \d+ ms, end of turn \d+ ms, /m)
    // Nothing before the question was over, and 600 ms of silence after it.
    const heard = heardIn(file('answer.wav'))
    expect(heard.from).toBeGreaterThan(2000)
    expect(heard.loudMs).toBeGreaterThan(500)
  })

  it('speaks one recording after the other, of any rate', async () => {
    writeFileSync(file('one.wav'), spoken(22_050, 100, 800, 100))
    writeFileSync(file('two.wav'), spoken(48_000, 100, 2000, 100))
    const { exit, output, errors } = live([
      '--in',
      file('one.wav'),
      '--in',
      file('two.wav'),
      '--out',
      file('answer.wav'),
      '--json',
    ])
    expect(await exit, errors()).toBe(0)
    const lines: {
      from: string
      message?: { type: string; text?: string; audio_in?: object }
      sound_bytes?: number
      frames?: number
    }[] = output()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines[0]).toMatchObject({ from: 'client', message: { type: 'hello', audio_in: { sample_rate_hz: 16_000 } } })
    const said = lines.flatMap(({ message }) => (message?.type === 'utterance_final' ? [message.text] : []))
    expect(said).toEqual([
      expect.stringMatching(/^Speech of 0\.[789] seconds\.$/),
      expect.stringMatching(/^Speech of (?:1\.9|2(?:\.0)?) seconds\.$/),
    ])
    expect(lines.some(({ from, frames }) => from === 'client' && frames === 50)).toBe(true)
    expect(lines.some(({ from, sound_bytes }) => from === 'gateway' && sound_bytes !== undefined)).toBe(true)
    expect(lines.at(-1)).toMatchObject({ from: 'gateway', message: { type: 'session_end', reason: 'end_session' } })
    expect(output()).not.toContain('audio_b64')
    expect(output()).toContain('"resume_token":"…"')
  })

  it('writes no more of an answer than was heard before it was interrupted, and tells exactly that', async () => {
    const text = 'One and two and three and four and five and six. Seven and eight and nine and ten and eleven and twelve.'
    const { exit, output, type, end, saw } = live(['--text', '--json', '--out', file('answer.wav')])
    type(text)
    await saw(/"played_ms":(?:[4-9]\d\d|\d{4})/)
    type('/interrupt')
    await saw('"state":"stopped"')
    end()
    expect(await exit).toBe(0)
    const [, stoppedMs] = /"played_ms":([\d.]+),"buffered_ms":0,"state":"stopped"/.exec(output()) ?? []
    expect(output()).toContain('"stop_reason":"interrupted"')
    const heard = heardIn(file('answer.wav'))
    // Whatever the voice begins and ends with is soft.
    expect(heard.to - heard.from).toBeLessThanOrEqual(Number(stoppedMs) + 20)
    expect(heard.to - heard.from).toBeGreaterThan(Number(stoppedMs) - 100)
    expect(Number(stoppedMs)).toBeLessThan(await lengthOf(text))
  })

  it('comes back where the line is lost in the middle of an answer, and the answer is heard to its end', async () => {
    const network: Network = await startNetwork(url, systemClock)
    const text = 'This is a sentence that takes a while. And here is another one that takes a while.'
    try {
      const { exit, output, errors, type, end, saw } = live(['--text', '--out', file('answer.wav'), '--json'], {}, network.url)
      type(text)
      await saw('"state":"playing"')
      network.drop()
      await saw('trying to come back')
      end()
      expect(await exit, errors()).toBe(0)
      expect(errors()).toMatch(
        /^The line is lost \(.+\); trying to come back\.\nThe line is there again; the conversation goes on\.$/m,
      )
      expect(output()).toContain('"resume":{"session_id":"live_')
      expect(output()).toContain(`"played_text":"${text}"`)
      const heard = heardIn(file('answer.wav'))
      expect(heard.to - heard.from).toBeGreaterThan((await lengthOf(text)) * 0.8)
    } finally {
      await network.close()
    }
  })

  it('says where the gateway is looked for and how to start one', async () => {
    const nowhere = await closedPort()
    const one = vaiLive(['--text'], { environment: { VAI_BASE_URL: nowhere } })
    running.push(one)
    expect(await one.exit).toBe(3)
    const address = nowhere.replace('http', 'ws')
    expect(one.errors()).toContain(`There is no session at ${address}/v1/live: nobody answers. Start one with "npm start"`)
  })

  it('tells what was typed into a line that was dead already', async () => {
    const scripted = await startScriptedGateway()
    try {
      const one = live(['--text'], { isTerminal: true }, scripted.url.origin)
      const line = await scripted.next()
      line.send(ack())
      await one.saw('demo/soft speaks|answers')
      one.type('Has this arrived?')
      expect(await line.receive()).toMatchObject({ type: 'input_text' })
      line.socket.terminate()
      await one.saw('This may not have arrived: Has this arrived\\?')
      one.signal()
      one.signal()
      await one.exit
    } finally {
      await scripted.close()
    }
  })

  it('ends with 1 where a turn fails, and asks what is next all the same', async () => {
    const env = { VAI_OPENAI_BASE_URL: 'http://127.0.0.1:1', VAI_RETRY_ATTEMPTS: '0' }
    const broken = await startGateway({ env, keys: { openai: 'sk-test-1' } })
    try {
      const { exit, output, errors, type, end } = live(['--text', '--model', 'openai/gpt-5-mini'], {}, broken.url)
      for (const line of ['one', 'two']) type(line)
      end()
      expect(await exit).toBe(1)
      expect(output()).toBe('you: one\nyou: two\n')
      expect(errors().match(/^Error \(\w+\): /gm)).toHaveLength(2)
      expect(errors()).toContain('The session is over: 2 turns in ')
    } finally {
      await broken.close()
    }
  })

  it('ends with 130 where Ctrl-C comes before all was answered', async () => {
    const { exit, type, saw, signal, output } = live(['--text', '--json', '--out', file('answer.wav')])
    type('This is a sentence that takes a while. And here is another one that takes a while.')
    await saw('"state":"playing"')
    signal()
    expect(await exit).toBe(130)
    expect(output()).toContain('"op":"end_session"')
    expect(output()).toContain('"type":"session_end"')
    expect(parseWav(readFileSync(file('answer.wav'))).frames).toBeGreaterThan(0)
  })

  it('shows what is so for the moment before what is typed, in a terminal', async () => {
    const { exit, output, type, saw } = live(['--text', '--out', file('answer.wav')], { isTerminal: true })
    await saw('demo/echo answers')
    type('Good morning.')
    await saw('assistant: Good morning.')
    await saw('first sound after')
    expect(output()).toMatch(/(?:thinking|speaking) › /)
    type('/qiut')
    await saw('/qiut is not a command; did you mean /quit?')
    type('/quit')
    expect(await exit).toBe(0)
    expect(output()).toContain('The session is over: 1 turn')
  })
})

describe('without what it needs', () => {
  it.each<[string, readonly string[], number, string | RegExp]>([
    ['a program that records', [], 2, /nothing that records was found\. Install sox .* --text, or give a recording/],
    ['a voice that there is', ['--text', '--voice', 'demo/none'], 3, /There is no session at ws:.*: tts\.voice: /],
    ['the file', ['--in', '/nowhere/a.wav'], 2, /--in \/nowhere\/a\.wav: ENOENT/],
    ['a folder to write to', ['--text', '--out', '/nowhere/a.wav'], 2, /--out: ENOENT/],
    ['one of two', ['--text', '--in', 'a.wav'], 2, /--text and --in: /],
    ['a key in the variable', ['--text', '--provider-key', 'openai=NO_SUCH'], 2, /the variable NO_SUCH holds no key/],
    ['the name of the variable', ['--text', '--provider-key', 'sk-test-1'], 2, /PROVIDER=VARIABLE is expected/],
    ['an address', ['--text', '--url', 'gateway'], 2, /--url: an address/],
  ])('%s it says so', async (_, args, code, words) => {
    const { exit, errors } = live(args)
    expect(await exit).toBe(code)
    expect(errors()).toMatch(words)
    expect(errors()).not.toContain('sk-test-1')
  })

  it('a recording that is one it says how to make it', async () => {
    writeFileSync(file('a.mp3'), 'ID3')
    const { exit, errors } = live(['--in', file('a.mp3')])
    expect(await exit).toBe(2)
    expect(errors()).toContain('it does not begin as a WAV file does; sox makes WAV of other files')
  })

  it('something that plays it shows the answers and waits for no sound', async () => {
    const { exit, output, errors, type, end } = live(['--text'])
    type('Good morning.')
    end()
    expect(await exit).toBe(0)
    expect(output()).toBe('you: Good morning.\nassistant: Good morning.\n')
    expect(errors()).toContain('Nothing that plays was found, so that answers are only shown.')
  })
})

describe('with programs that record and play', { timeout: 60_000 }, () => {
  /** A machine on which `sox` is this. */
  function machine(script: string): Record<string, string> {
    const bin = mkdtempSync(join(folder, 'bin-'))
    writeFileSync(join(bin, 'sox'), `#!/bin/sh\n${script}\n`)
    chmodSync(join(bin, 'sox'), 0o755)
    return { PATH: bin }
  }
  const recordsOrPlays = (record: string, play: string): string =>
    `for last; do :; done; if [ "$last" = "-d" ]; then ${play}; else ${record}; fi`

  it('hears the microphone and plays the answer', async () => {
    writeFileSync(file('microphone.raw'), pcmOfWav(parseWav(spoken(16_000, 300, 1000, 1500))))
    const script = recordsOrPlays(`cat ${file('microphone.raw')}; exec sleep 1000`, `exec cat > ${file('speaker.raw')}`)
    const { exit, output, errors, saw, signal } = live([], { environment: machine(script) })
    await saw('first sound after')
    signal()
    expect(await exit, errors()).toBe(0)
    expect(output()).toMatch(/^you: Speech of \d(?:\.\d)? seconds?\.\nassistant: Speech of \d(?:\.\d)? seconds?\.\n$/)
    await until(() => levelDb(readFileSync(file('speaker.raw'))) > -50)
  })

  it('says why the microphone is off', async () => {
    const script = recordsOrPlays('echo "no such device" >&2; exit 3', 'exec cat > /dev/null')
    const { exit, errors } = live([], { environment: machine(script) })
    expect(await exit).toBe(1)
    expect(errors()).toContain('The microphone is off: sox ended with 3: no such device. To type instead: vai live --text')
  })

  it('tells nothing of what plays where there is no session', async () => {
    const environment = machine('echo "no such device" >&2; exit 1')
    const { exit, errors } = live(['--text', '--model', 'nobody/none'], { environment })
    expect(await exit).toBe(3)
    expect(errors()).toMatch(/^There is no session at ws:[^\n]*nobody[^\n]*\n$/)
    const silent = live(['--text', '--model', 'nobody/none'])
    expect(await silent.exit).toBe(3)
    expect(silent.errors()).toMatch(/^There is no session at ws:[^\n]*\n$/)
  })

  it('goes on in words where what plays has failed', async () => {
    const { exit, output, errors, type, end } = live(['--text'], { environment: machine('echo "no such device" >&2; exit 1') })
    type('Good morning.')
    end()
    expect(await exit).toBe(0)
    expect(output()).toContain('assistant: Good morning.\n')
    expect(errors()).toContain('Nothing is played: sox ended with 1: no such device. The answers are only shown.')
  })
})

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { samplesIn } from '../audio/pcm.ts'
import { parseWav, pcmOfWav } from '../audio/wav.ts'
import { buildBefore } from './built.ts'
import { type Process, startServer } from './process.ts'

/** The programs of `examples/`, as whoever reads its README runs them: each a process, beside one gateway. */

const examples = fileURLToPath(new URL('../examples/', import.meta.url))
const names = readdirSync(examples).filter((name) => name.endsWith('.mjs'))

let gateway: Process & { readonly url: string }
let folder: string

buildBefore()
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vai-examples-'))
  gateway = await startServer()
})
afterAll(async () => {
  await gateway?.close()
  rmSync(folder, { recursive: true, force: true })
})

describe.concurrent('each example says', () => {
  it('what was answered: message', async () => {
    expect(await outputOf('message')).toMatch(
      /^Hello, gateway!\ndemo\/echo stopped with end_turn after 2 tokens\nThe operator .* as req_\w{26}\n$/,
    )
  })

  it('the pieces and the events: stream', async () => {
    const [text = '', total, ...events] = (await outputOf('stream')).trimEnd().split('\n')
    expect(text.replaceAll(/\[|\]/g, '')).toBe('A stream is read piece by piece, while the model still writes.')
    expect(text.match(/\[/g)).toHaveLength(12)
    expect(total).toMatch(/^12 tokens, request req_\w{26}$/)
    expect(events).toEqual([
      '1 × message_start',
      '1 × content_block_start',
      '12 × content_block_delta',
      '1 × content_block_stop',
      '1 × message_delta',
      '1 × message_stop',
    ])
  })

  it('turns that grow: conversation', async () => {
    expect(await outputOf('conversation')).toBe(
      [
        'you: Good morning! My name is Ada.',
        'demo/echo: Good morning! My name is Ada. (6 tokens in)',
        'you: Another model answers this turn.',
        'demo/tools: Another model answers this turn. (17 tokens in)',
        'you: And the first one answers this.',
        'demo/echo: And the first one answers this. (28 tokens in)',
        'The history has 6 messages.\n',
      ].join('\n'),
    )
  })

  it('the call and its result: tools', async () => {
    expect(await outputOf('tools')).toBe('get_weather({"city":"Oslo"})\nThe tool get_weather answered: 3 °C, snow\n')
  })

  it('the steps of a run: run', async () => {
    const said = await outputOf('run')
    expect(said).toContain(`step 0\n  calls vai_web_fetch with {"url":"${gateway.url}/demo/page"}\n  the result has `)
    expect(said).toMatch(
      /\nstep 1\nend_turn after 2 answers and 1 call; the history has 4 messages\nThe tool vai_web_fetch answered: /,
    )
  })

  it('what is wrong, and what is tried again: errors', async () => {
    const said = await outputOf('errors')
    expect(said).toMatch(
      /^wrong request \(400\), req_\w{26}\n {2}messages: .*\[empty\]\n {2}max_tokens: .*\[out_of_range\]\n {2}top_p: .*\[out_of_range\]\n/,
    )
    expect(said).toContain('\nthere is no such thing: There is no model "demo/nobody"')
    expect(said).toContain('\na key is missing or wrong: X-Provider-Key-Cerebras\n')
    expect(said.match(/the request is sent again/g)).toHaveLength(1)
    expect(said).toMatch(/\nno answer: There was no answer from http:\/\/127\.0\.0\.1:65535 \(ECONNREFUSED\)\.\n$/)
  })

  it('how each ended: abort', async () => {
    expect((await outputOf('abort')).trimEnd().split('\n')).toEqual([
      'left after 3 pieces; what has come: word word word',
      expect.stringMatching(/^abort\(\): AbortedError: /),
      expect.stringMatching(/^a signal: AbortedError: /),
      expect.stringMatching(/^too slow: ConnectionTimeoutError: .* 200 ms\.$/),
    ])
  })

  it('what is spoken, and writes it down: speech', async () => {
    const path = join(folder, 'answer.wav')
    const said = await outputOf('speech', path)
    expect(said).toMatch(/^speaks: Good morning!\nspeaks: It is nine o’clock\.\n.*answer\.wav: \d+ bytes, 2\.118 s\n$/)
    const bytes = readFileSync(path)
    const wav = parseWav(bytes)
    expect(wav.frames / wav.rate).toBeCloseTo(2.118, 2)
    expect(samplesIn(pcmOfWav(wav)).some((sample) => Math.abs(sample) > 1000)).toBe(true)
    expect(said).toContain(`${bytes.length} bytes`)
  })

  it('what is spoken until the voice fails, and ends well: speech', async () => {
    const path = join(folder, 'half.wav')
    const hoarse = await startHoarse()
    try {
      const said = await outputOf('speech', path, hoarse.url)
      expect(said).toMatch(/^speaks: Good morning!\nthe voice failed: It is hoarse\.\n.*half\.wav: \d+ bytes, [\d.]+ s\n$/)
      const { frames, rate } = parseWav(readFileSync(path))
      expect(frames / rate).toBeGreaterThan(0.5)
    } finally {
      await hoarse.close()
    }
  })

  it('what was heard on both sides: live', async () => {
    expect(await outputOf('live')).toMatch(
      /^you: Speech of 1\.0 seconds\.\nassistant: Speech of 1\.0 seconds\. \(end_turn\)\nassistant: I count to ten\.(?! .*wanted).* \(interrupted\)\n2 turns; \d{6} bytes of sound came, 2\.0 s went\n$/,
    )
  })

  it('what there is and what it costs: models', async () => {
    const said = await outputOf('models')
    expect(said).toMatch(/^anthropic: \d+ models\n/)
    expect(said).toContain('\ndemo: 2 models\n')
    expect(said).toMatch(/\nopenai\/gpt-5-mini: 18 tokens \(estimated by o200k_base\), \$0\.00000450; takes up to 400000\n/)
    expect(said).toMatch(/\ndemo\/echo: 18 tokens \(estimated by o200k_base\), no known price; takes up to an unknown number\n$/)
  })
})

describe('the folder', () => {
  it('has what its README lists, and nothing that is not run here', () => {
    const readme = readFileSync(join(examples, 'README.md'), 'utf8')
    const listed = [...readme.matchAll(/^\| \[`([^`]+\.mjs)`\]\(\1\)/gm)].map(([, name]) => name)
    expect(listed.toSorted()).toEqual(names.toSorted())
    const run = readFileSync(fileURLToPath(import.meta.url), 'utf8').matchAll(/outputOf\('(\w+)'/g)
    expect([...new Set([...run].map(([, name]) => `${name}.mjs`))].toSorted()).toEqual(names.toSorted())
  })

  it('has short programs that are checked', () => {
    for (const name of names) {
      const lines = readFileSync(join(examples, name), 'utf8').trimEnd().split('\n')
      expect(lines[0]).toBe('// @ts-check')
      expect(lines.length, name).toBeLessThan(40)
    }
  })
})

/** The gateway, but for its voice, which fails behind the first sentence. */
async function startHoarse(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const error = { type: 'api_error', code: 'provider_error', message: 'It is hoarse.' }
  const failure = `event: audio_unavailable\ndata: ${JSON.stringify({ type: 'audio_unavailable', seq: 1, error })}\n\n`
  const server = createServer(async (request, response) => {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${gateway.url}${request.url}`, { method: 'POST', headers, body: await text(request) })
    const events = (await answer.text()).split(/(?<=\n\n)/)
    const at = events.findIndex((event) => event.includes('audio_chunk') && event.includes('"text":"It is'))
    const rest = events.slice(at).filter((event) => !event.includes('audio_chunk'))
    response.writeHead(answer.status, { 'content-type': 'text/event-stream' })
    response.end([...events.slice(0, at), failure, ...rest].join(''))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

/** What an example prints; it has to end by itself, well, and without a complaint. */
async function outputOf(name: string, argument?: string, url = gateway.url): Promise<string> {
  const child = spawn(process.execPath, [join(examples, `${name}.mjs`), ...(argument === undefined ? [] : [argument])], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', NO_COLOR: '1', VAI_BASE_URL: url },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 15_000,
  })
  let [output, errors] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  const code = await new Promise((resolve) => child.once('close', resolve))
  expect({ code, errors }).toEqual({ code: 0, errors: '' })
  return output
}

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Gateway, startGateway } from '../../gateway.ts'
import { envWith, gatewayKey } from '../../gateway-keys.ts'
import { anthropicKey, startAnthropic } from '../../upstreams/anthropic.ts'
import { type AnthropicAnswer, anthropicError } from '../../upstreams/anthropic-answer.ts'
import { type Behaviour, silence } from '../../upstreams/behaviour.ts'
import { closedPort, type Upstream } from '../../upstreams/upstream.ts'
import { type Running, type RunningOptions, vaiChat } from './terminal.ts'

let gateway: Gateway
let upstream: Upstream
let folder: string
/** What the model says next; then it says again what it is told. */
let script: (AnthropicAnswer | Behaviour)[] = []
let running: Running[] = []

const claude = 'anthropic/claude-sonnet-4-5'

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vai-chat-'))
  upstream = await startAnthropic({ script: () => script.shift() ?? says('Yes.') })
  gateway = await startGateway({
    keys: { anthropic: anthropicKey },
    env: { VAI_ANTHROPIC_BASE_URL: upstream.url, VAI_RETRY_ATTEMPTS: '0' },
  })
})
beforeEach(() => {
  script = []
  running = []
})
afterEach(async () => {
  for (const each of running) {
    each.signal('SIGTERM')
    await each.exit
  }
})
afterAll(async () => {
  await gateway.close()
  await upstream.close()
  rmSync(folder, { recursive: true })
})

const says = (...text: readonly string[]): AnthropicAnswer => ({ content: [{ type: 'text', text }] })
/** Says so much, and then nothing more. */
const stalls = (...text: readonly string[]): AnthropicAnswer => ({
  ...says(...text, ' and that is all.'),
  stallAt: { event: 3 + text.length },
})
const fetches = (): AnthropicAnswer => ({
  content: [
    { type: 'text', text: ['Let me look.'] },
    { type: 'tool_use', id: 'toolu_page', name: 'vai_web_fetch', input: { url: `${gateway.url}/demo/page` } },
  ],
})

function chat(args: readonly string[], options?: RunningOptions, at = gateway.url): Running {
  const one = vaiChat(['--url', at, ...args], options)
  running.push(one)
  return one
}

/** A chat in a terminal that waits for the first message. */
async function dialogue(...args: readonly string[]): Promise<Running> {
  const one = chat(args, { isTerminal: true })
  await one.saw('Ctrl-D ends')
  return one
}

async function ends(one: Running): Promise<void> {
  one.press('\u0004')
  expect(await one.exit).toBe(0)
}

function lastMessages(): unknown {
  const body: { messages: unknown } = JSON.parse(upstream.requests.at(-1)?.body.toString() ?? '{}')
  return body.messages
}

describe('one question', () => {
  it('is answered to standard output, and nothing else is said there', async () => {
    const { exit, output, errors } = chat(['--once', 'Hello, gateway!'])
    expect(await exit).toBe(0)
    expect([output(), errors()]).toEqual(['Hello, gateway!\n', ''])
  })

  it('may come by a pipe, in several lines', async () => {
    const { exit, output, press, end } = chat([])
    press('One\n')
    press('two\n\n')
    end()
    expect(await exit).toBe(0)
    expect(output()).toBe('One\ntwo\n')
  })

  it('is answered with the model, system prompt and bound that were given', async () => {
    script = [says('Oui.')]
    const { exit, output } = chat(['--system', 'Speak French.', '--max-tokens', '77', '--once', 'Yes?'], {
      environment: { VAI_MODEL: claude },
    })
    expect(await exit).toBe(0)
    expect(output()).toBe('Oui.\n')
    expect(JSON.parse(upstream.requests.at(-1)?.body.toString() ?? '')).toMatchObject({
      model: 'claude-sonnet-4-5',
      system: 'Speak French.',
      max_tokens: 77,
    })
  })

  it('may take tools, of which standard error tells', async () => {
    const { exit, output, errors } = chat(
      ['--model', 'demo/tools', '--tools', 'vai_web_fetch', '--once', `What does ${gateway.url}/demo/page say?`],
      {},
    )
    expect(await exit).toBe(0)
    expect(output()).toContain('A page to try tools on')
    expect(errors()).toMatch(/^⚙ vai_web_fetch \{"url":"http:.*\/demo\/page"\}\n✓ vai_web_fetch \([\d.]+ m?s\): .*\n$/)
  })

  it('is events in JSON, a line each', async () => {
    const { exit, output } = chat(['--json', '--once', 'Hello'])
    expect(await exit).toBe(0)
    const events = output()
      .trimEnd()
      .split('\n')
      .map((line): { type: string } => JSON.parse(line))
    expect(events.map(({ type }) => type)).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ])
  })

  it('that goes wrong is an error in JSON too, in the shape of the contract', async () => {
    const { exit, output, errors } = chat(['--json', '--model', 'demo/none', '--once', 'Hello'])
    expect(await exit).toBe(2)
    expect(JSON.parse(output())).toMatchObject({
      type: 'error',
      request_id: expect.stringMatching(/^req_/),
      error: { type: 'not_found_error', code: 'unknown_model', param: 'model' },
    })
    expect(errors()).toContain('Error: ')
  })

  it('that is asked again tells how long that takes', async () => {
    const limited = anthropicError('rate_limit_error', 'Slowly, please.', { retryAfter: 20 })
    script = [limited]
    const one = chat(['--model', claude, '--once', 'Hello'])
    await one.saw('(waiting 20 s to ask again)')
    one.signal()
    expect(await one.exit).toBe(130)
  })

  it.each([
    [['--key', 'a b'], {}, '--key holds characters that no key has'],
    [[], { VAI_API_KEY: 'a\nb' }, 'VAI_API_KEY holds characters that no key has'],
    [['--provider-key', 'openai=MINE'], { MINE: 'a b' }, '--provider-key: the variable MINE holds characters that no key has'],
  ])('with the key %j %j is refused in the words of whoever has given it', async (args, environment, words) => {
    const { exit, errors } = chat([...args, '--once', 'Hello'], { environment })
    expect(await exit).toBe(2)
    expect(errors()).toContain(`vai chat: ${words}`)
    expect(errors()).not.toMatch(/a\sb/)
  })

  it('that is stopped leaves what was said', async () => {
    script = [stalls('Once upon')]
    const one = chat(['--model', claude, '--once', 'A story?'])
    await one.saw('Once upon')
    one.signal()
    expect(await one.exit).toBe(130)
    expect([one.output(), one.errors()]).toEqual(['Once upon\n', '(stopped)\n'])
  })

  it('is not waited for when it is to end', async () => {
    const one = chat([])
    one.press('Hel')
    one.signal()
    expect(await one.exit).toBe(130)
  })

  it.each<[string, readonly string[], number, string]>([
    ['a model without a provider', ['--model', 'gpt'], 2, 'Error: A model is written provider/name'],
    ['an unknown provider', ['--model', 'opnai/gpt-5'], 2, 'did you mean openai?'],
    ['a provider without a key', ['--model', 'openai/gpt-5'], 2, '--provider-key openai=VARIABLE'],
    ['an unknown tool', ['--model', 'demo/tools', '--tools', 'vai_web_fetsch'], 2, 'did you mean "vai_web_fetch"?'],
  ])('for %s says what would be right', async (_, args, code, words) => {
    const { exit, output, errors } = chat([...args, '--once', 'Hello'])
    expect(await exit).toBe(code)
    expect(output()).toBe('')
    expect(errors()).toContain(words)
    expect(errors()).toMatch(/^[^\n]*\[req_\w+\]\n$/)
  })

  it.each<[readonly string[], string]>([
    [['--url', 'ftp://x'], '--url: an address as http://127.0.0.1:8080 or https://… is expected.'],
    [['--url', 'http://user:sk-test-1@x'], '--url: a key stands in VAI_API_KEY, not in the address.'],
    [['--max-tokens', '0'], '--max-tokens: a whole number'],
    [['--provider-key', 'sk-test-secret'], '--provider-key: PROVIDER=VARIABLE is expected'],
    [['--provider-key', 'openai=NOTHING'], '--provider-key: the variable NOTHING holds no key'],
    [['--once', '  '], 'there is no question'],
  ])('%j is refused before anything is sent', async (args, words) => {
    const { exit, errors } = vaiChat(['--once', 'Hello', ...args])
    expect(await exit).toBe(2)
    expect(errors()).toContain(`vai chat: ${words}`)
    expect(errors()).not.toContain('sk-test')
  })

  it('that is no text is refused', async () => {
    const one = chat([])
    one.press(Uint8Array.of(0x66, 0xff, 0xfe))
    one.end()
    expect(await one.exit).toBe(2)
    expect(one.errors()).toBe('vai chat: the question is not text in UTF-8.\n')
  })

  it('says how to start a gateway where there is none', async () => {
    const { exit, errors } = chat(['--once', 'Hello'], {}, await closedPort())
    expect(await exit).toBe(3)
    expect(errors()).toMatch(/^Error: No gateway answers at http:\S+ \(nothing listens there\)\. Start one with "npm start"/)
  })

  it('says so where something else answers', async () => {
    const server = createServer((_, response) => void response.setHeader('content-type', 'text/html').end('<p>Hello</p>'))
    const at = await new Promise<string>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address()
        resolve(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`)
      })
    })
    const { exit, errors } = chat(['--once', 'Hello'], {}, at)
    expect(await exit).toBe(3)
    expect(errors()).toContain('--url names another.')
    await new Promise((resolve) => server.close(resolve))
  })
})

describe('a chat in a terminal', () => {
  it('remembers what was said', async () => {
    script = [says('Nice to ', 'meet you.'), says('You are Ada.')]
    const one = await dialogue('--model', claude)
    one.press('I am Ada.\r')
    await one.saw('Nice to meet you.\n')
    one.press('Who am I?\r')
    await one.saw('You are Ada.\n')
    expect(lastMessages()).toMatchObject([
      { role: 'user', content: 'I am Ada.' },
      { role: 'assistant', content: [{ type: 'text', text: 'Nice to meet you.' }] },
      { role: 'user', content: 'Who am I?' },
    ])
    await ends(one)
  })

  it('stops an answer at Ctrl-C, keeps what was said, and forgets what was typed meanwhile', async () => {
    script = [stalls('Once ', 'upon'), says('Thank you.')]
    const one = await dialogue('--model', claude)
    one.press('A story?\r')
    await one.saw('Once upon')
    one.press('and more\rof it\u0003')
    await one.saw('(stopped)')
    one.press('Enough.\r')
    await one.saw('Thank you.')
    expect(lastMessages()).toMatchObject([
      { role: 'user', content: 'A story?' },
      { role: 'assistant', content: 'Once upon' },
      { role: 'user', content: 'Enough.' },
    ])
    await ends(one)
  })

  it('keeps a question that was stopped before its answer for /retry', async () => {
    script = [silence, says('At last.')]
    const before = upstream.requests.length
    const one = await dialogue('--model', claude)
    one.press('Hello?\r')
    await upstream.waitForRequest(before + 1)
    one.press('\u0003')
    await one.saw('(stopped; /retry asks again)')
    one.press('/retry\r')
    await one.saw('At last.')
    expect(lastMessages()).toMatchObject([{ role: 'user', content: 'Hello?' }])
    await ends(one)
  })

  it('goes on after an error, with its question for /retry and not twice', async () => {
    script = [
      { ...says('So ', 'far'), errorAfter: { events: 4, type: 'overloaded_error', message: 'Overloaded' } },
      says('Now.'),
      says('Good.'),
    ]
    const one = await dialogue('--model', claude)
    one.press('Hello?\r')
    await one.saw(/Error: .* \/retry asks again\. \[req_\w+\]/)
    one.press('/retry\r')
    await one.saw('Now.')
    one.press('And now?\r')
    await one.saw('Good.')
    expect(lastMessages()).toMatchObject([
      { role: 'user', content: 'Hello?' },
      { role: 'assistant', content: [{ text: 'Now.' }] },
      { role: 'user', content: 'And now?' },
    ])
    await ends(one)
  })

  it('has a history that can be sent after a run was stopped in the middle', async () => {
    script = [fetches(), stalls('The page '), says('Right.')]
    const one = await dialogue('--model', claude, '--tools', 'vai_web_fetch')
    one.press('What does it say?\r')
    await one.saw('The page ')
    one.press('\u0003')
    await one.saw('(stopped)')
    expect(one.output()).toMatch(/Let me look\.\n {2}⚙ vai_web_fetch .*\n {2}✓ vai_web_fetch .*\nThe page /)
    one.press('Thank you.\r')
    await one.saw('Right.')
    expect(lastMessages()).toMatchObject([
      { role: 'user', content: 'What does it say?' },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'Let me look.' },
          { type: 'tool_use', id: 'toolu_page' },
        ],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_page' }] },
      { role: 'assistant', content: 'The page ' },
      { role: 'user', content: 'Thank you.' },
    ])
    await ends(one)
  })

  it('keeps what a run came to before it failed', async () => {
    script = [fetches(), anthropicError('authentication_error', 'no'), says('Right.')]
    const one = await dialogue('--model', claude, '--tools', 'vai_web_fetch')
    one.press('What does it say?\r')
    await one.saw(/Error: .*\[req_/)
    one.press('Go on.\r')
    await one.saw('Right.')
    expect(lastMessages()).toMatchObject([
      { role: 'user', content: 'What does it say?' },
      { role: 'assistant' },
      { role: 'user', content: expect.arrayContaining([expect.objectContaining({ type: 'tool_result' })]) },
      { role: 'user', content: 'Go on.' },
    ])
    await ends(one)
  })

  it('shows thoughts dimmed and nothing that would steer the terminal', async () => {
    script = [
      {
        content: [
          { type: 'thinking', thinking: ['Hm \u001b[2J', ' hm.'], signature: 'c2ln' },
          { type: 'text', text: ['A\u001b]0;x\u0007', '\u009b31mB'] },
        ],
      },
    ]
    const one = await dialogue('--model', claude)
    one.press('Hello?\r')
    await one.saw('31mB\n')
    expect(one.output()).toContain('\u001b[2mHm ␛[2J\u001b[22m\u001b[2m hm.\u001b[22m\nA␛]0;x␇�31mB\n')
    await ends(one)
  })

  it('has no colours where none are wanted', async () => {
    script = [
      {
        content: [
          { type: 'thinking', thinking: ['Hm.'], signature: 'c2ln' },
          { type: 'text', text: 'A' },
        ],
      },
    ]
    const one = chat(['--model', claude], { isTerminal: true, environment: { NO_COLOR: '1' } })
    await one.saw('Ctrl-D ends')
    one.press('Hello?\r')
    await one.saw('Hm.\nA\n')
    await ends(one)
  })

  it('takes messages of several lines: typed, and pasted', async () => {
    const one = await dialogue()
    one.press('one\\\rtwo\r')
    await one.saw('one\ntwo\n')
    one.press('\u001b[200~/three\r  four\\\rfive\u001b[201~ six\r')
    await one.saw('/three\n  four\\\nfive six\n')
    await ends(one)
  })

  it('answers what is typed ahead in order, and brings lines back with the arrow keys', async () => {
    const one = await dialogue()
    one.press('first\rsecond\r')
    await one.saw('\nsecond\n')
    one.press('\u001b[A\u001b[A!\r')
    await one.saw('\nfirst!\n')
    await ends(one)
  })

  it('throws away what is typed at Ctrl-C, and ends where there is nothing', async () => {
    const one = await dialogue()
    one.press('half a message\u0003other\r')
    await one.saw('\nother\n')
    expect(one.output()).not.toContain('half a message\n')
    one.press('\u0003')
    expect(await one.exit).toBe(0)
    expect(one.output().endsWith('\u001b[?2004l')).toBe(true)
  })

  it('does what commands say', async () => {
    const one = await dialogue()
    const asked = async (command: string, answer: string | RegExp): Promise<void> => {
      one.press(`${command}\r`)
      await one.saw(answer)
    }
    await asked('/retry', 'Nothing was asked yet.')
    await asked('/save x.json', 'There is nothing to save yet.')
    await asked('/model', /\* demo\/echo +Echo \(demo\)\n[\s\S]*demo\/echo answers;/)
    await asked('/model demo/nothing', /There is no model "demo\/nothing".* demo\/echo goes on answering\./)
    await asked('/model demo/tools', 'demo/tools answers from now on.')
    await asked('/model nope/x', /\n {2}There is no provider "nope".* demo\/tools goes on answering\./)
    await asked('/tools vai_web_fetch, vai_web_fetch', 'The model is offered vai_web_fetch; whether the gateway has that shows')
    await asked('/tools off', 'The model has no tools.')
    await asked('/system Be brief.', 'The model is told: Be brief.')
    await asked('/system off', 'The model is told nothing')
    await asked('Good morning', '\nGood morning\n')
    await asked('/usage', '1 answer: 2 tokens in, 2 out; no price is known.')
    await asked('/history', 'you: Good morning\n  assistant: Good morning')
    const file = join(folder, 'talk.json')
    await asked(`/save ${file}`, `2 messages in ${file}`)
    await asked('/clear', 'A new conversation begins.')
    await asked('/history', 'Nothing was said yet.')
    await asked(`/load ${join(folder, 'none.json')}`, 'cannot be read (ENOENT).')
    await asked(`/load ${file}`, `2 messages from ${file}; demo/tools answers.`)
    await asked('/retry', /\/retry\r\nGood morning\n/)
    await asked('/nonsense', '/nonsense is not a command')
    await asked('/help', 'A message that begins with /')
    expect(JSON.parse(readFileSync(file, 'utf8')).messages).toHaveLength(2)
    one.press('/quit\r')
    expect(await one.exit).toBe(0)
  })

  it('writes events to standard output with --json, and the dialogue beside', async () => {
    const one = chat(['--json'], { isTerminal: true })
    await one.saw('Ctrl-D ends')
    one.press('Hello\r')
    await one.saw('message_stop')
    await ends(one)
    for (const line of one.output().trimEnd().split('\n')) expect(JSON.parse(line)).toHaveProperty('type')
    expect(one.errors()).toContain('› ')
  })

  it('ends at once where there is no gateway, and says how to start one', async () => {
    const one = chat([], { isTerminal: true }, await closedPort())
    expect(await one.exit).toBe(3)
    expect(one.errors()).toMatch(/^vai chat: No gateway answers at .*Start one with "npm start" in another terminal/)
  })

  it('says at the beginning that the model is none, and goes on', async () => {
    const one = await dialogue('--model', 'demo/nothing')
    await one.saw('There is no model "demo/nothing"')
    one.press('/model demo/echo\rHello\r')
    await one.saw('\nHello\n')
    await ends(one)
  })

  it('ends at a signal to end, also in an answer', async () => {
    script = [stalls('Once')]
    const one = await dialogue('--model', claude)
    one.press('A story?\r')
    await one.saw('Once')
    one.signal('SIGTERM')
    expect(await one.exit).toBe(130)
  })
})

describe('a gateway that asks for keys', () => {
  it('is talked to with one, and not without', async () => {
    const { key, ...known } = gatewayKey('ada')
    const guarded = await startGateway({ env: envWith([{ key, ...known }]) })
    try {
      const stranger = chat([], { isTerminal: true }, guarded.url)
      expect(await stranger.exit).toBe(2)
      expect(stranger.errors()).toContain('A key of the gateway is given in VAI_API_KEY.')
      const one = chat(['--once', 'Hello'], { environment: { VAI_API_KEY: key } }, guarded.url)
      expect(await one.exit).toBe(0)
    } finally {
      await guarded.close()
    }
  })
})

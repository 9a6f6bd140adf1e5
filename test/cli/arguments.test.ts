import { describe, expect, it } from 'vitest'
import { readArguments } from '../../cli/arguments.ts'
import { ConfigError } from '../../config.ts'

const read = (line: string) => readArguments(line === '' ? [] : line.split(' '))

describe('the command line', () => {
  it.each<[string, object]>([
    ['', { command: 'help', topic: 'vai' }],
    ['--help', { command: 'help', topic: 'vai' }],
    ['serve --help', { command: 'help', topic: 'vai' }],
    ['--version', { command: 'version' }],
    ['serve -c gateway.yaml', { command: 'serve', configFile: 'gateway.yaml' }],
    ['keys', { command: 'help', topic: 'keys' }],
    ['keys --help', { command: 'help', topic: 'keys' }],
    ['keys create --help', { command: 'help', topic: 'keys' }],
    ['keys list', { command: 'keys', keys: { action: 'list', id: undefined } }],
    ['keys create app -f keys.yaml', { command: 'keys', keys: { action: 'create', id: 'app', options: { file: 'keys.yaml' } } }],
    ['--file keys.yaml keys show app', { command: 'keys', keys: { action: 'show', id: 'app', options: { file: 'keys.yaml' } } }],
    ['keys create --limit a=1 --limit b=2', { command: 'keys', keys: { action: 'create', options: { limit: ['a=1', 'b=2'] } } }],
    ['chat', { command: 'chat', chat: { url: undefined, providerKeys: [], once: undefined, isJson: false } }],
    ['chat --help', { command: 'help', topic: 'chat' }],
    [
      'chat --model a/b --tools x,y --provider-key a=B --provider-key c=D --max-tokens 5 --json --once Hello',
      {
        command: 'chat',
        chat: { model: 'a/b', tools: 'x,y', providerKeys: ['a=B', 'c=D'], maxTokens: '5', once: 'Hello', isJson: true },
      },
    ],
    ['live', { command: 'live', talk: { url: undefined, inputs: [], tools: [], isText: false, hasHeadphones: false } }],
    ['live --help', { command: 'help', topic: 'live' }],
    [
      'live --in a.wav --in b.wav --out c.wav --tool x --tool y --provider-key a=B --no-aec',
      {
        command: 'live',
        talk: { inputs: ['a.wav', 'b.wav'], out: 'c.wav', tools: ['x', 'y'], providerKeys: ['a=B'], hasNoAec: true },
      },
    ],
    ['live --text --json --model demo/echo', { command: 'live', talk: { isText: true, isJson: true, model: 'demo/echo' } }],
    ['live replay a.jsonl --help', { command: 'help', topic: 'live' }],
    ['live replay a.jsonl', { command: 'live-replay', replay: { trace: 'a.jsonl', check: false } }],
    ['live --check replay a.jsonl', { command: 'live-replay', replay: { trace: 'a.jsonl', check: true } }],
  ])('%s is understood', (line, expected) => {
    expect(read(line)).toMatchObject(expected)
  })

  it.each([
    ['srve', 'srve is not a command; did you mean serve?'],
    ['key list', 'key is not a command; did you mean keys?'],
    ['keys lst', 'lst is not a command of vai keys; did you mean list?'],
    ['keys list app', 'app is not understood'],
    ['keys show a b', 'b is not understood'],
    ['serve now', 'now is not understood'],
    ['serve --confg x', '--confg is not an option; did you mean --config?'],
    ['keys create --tenat x', '--tenat is not an option; did you mean --tenant?'],
    ['keys create --model x', '--model is not an option; did you mean --models?'],
    ['keys show --tenant x', '--tenant is not an option of vai keys show'],
    ['chat Hello', 'Hello is not understood: a question is given with --once'],
    ['chat --headphones', '--headphones is not an option of vai chat'],
    ['chat --tool x', '--tool is not an option; did you mean --tools?'],
    ['keys list --once x', '--once is not an option of vai keys list'],
    ['live repaly x', 'repaly is not a command of vai live; did you mean replay?'],
    ['live replay', 'the file of the recording is missing'],
    ['live replay a b', 'b is not understood'],
    ['live replay a --json', '--json is not an option of vai live replay'],
    ['live --check', '--check is not an option of vai live'],
    ['live replay a --text', '--text is not an option of vai live replay'],
    ['live --modle x', '--modle is not an option; did you mean --model?'],
    ['serve --check', '--check is not an option of vai serve'],
    ['serve --json', '--json is not an option of vai serve'],
    ['keys create --tenant', '--tenant'],
    ['keys list --json=yes', '--json'],
  ])('%s is answered with what would be right', (line, words) => {
    expect(() => read(line)).toThrow(ConfigError)
    expect(() => read(line)).toThrow(words)
  })
})

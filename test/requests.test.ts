import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Gateway, startGateway } from './gateway.ts'
import { refusalIn } from './refusal.ts'
import { anthropicKey, startAnthropic } from './upstreams/anthropic.ts'
import { geminiKey, startGemini } from './upstreams/gemini.ts'
import { isObject, stringOf } from './upstreams/json.ts'
import { openAiKey, startOpenAiChat } from './upstreams/openai-chat.ts'
import { fixturesDir } from './upstreams/replay.ts'
import type { Upstream } from './upstreams/upstream.ts'

/** A collection of requests that were written without a look at the gateway: it takes the valid ones and refuses the others. */

const folder = join(fixturesDir() ?? '', 'requests')
const isThere = fixturesDir() !== undefined && existsSync(folder)
const when = isThere ? describe : describe.skip
const suffix = isThere ? '' : ' (skipped: the collection of requests is not there)'

let gateway: Gateway
let anthropic: Upstream
let openai: Upstream
let gemini: Upstream
let openrouter: Upstream

beforeAll(async () => {
  anthropic = await startAnthropic()
  openai = await startOpenAiChat()
  gemini = await startGemini()
  openrouter = await startOpenAiChat({ alsoTakes: ['provider', 'usage'] })
  gateway = await startGateway({
    env: {
      VAI_ANTHROPIC_BASE_URL: anthropic.url,
      VAI_OPENAI_BASE_URL: `${openai.url}/v1`,
      VAI_GEMINI_BASE_URL: `${gemini.url}/v1beta`,
      VAI_OPENROUTER_BASE_URL: `${openrouter.url}/v1`,
    },
    keys: { anthropic: anthropicKey, openai: openAiKey, 'gem-dev': geminiKey, openrouter: openAiKey },
  })
})

afterAll(async () => {
  await gateway.close()
  for (const upstream of [anthropic, openai, gemini, openrouter]) await upstream.close()
})

/** The requests that are valid and yet not answered, because the provider has not what they want. */
const unanswered: Readonly<Record<string, { status: number; code: string; param: string }>> = {
  // Chat Completions has no web search.
  'tools-portable-web-search.json': { status: 400, code: 'unsupported_tool', param: 'tools[0].type' },
}

when(`valid requests${suffix}`, () => {
  it.each(filesIn('valid'))('%s is answered', async (file) => {
    const response = await gateway.post(textOf('valid', file))
    const body = await response.text()
    const expected = unanswered[file]
    if (expected) {
      const { code, param } = refusalIn(body, response.headers.get('x-request-id'))
      expect({ status: response.status, code, param }).toEqual(expected)
      return
    }
    expect(body.slice(0, 1000)).not.toContain('"type":"error"')
    expect(response.status).toBe(200)
  })

  it('each exception above is a request of the collection', () => {
    expect(filesIn('valid')).toEqual(expect.arrayContaining(Object.keys(unanswered)))
  })
})

when(`invalid requests${suffix}`, () => {
  it.each(expectations())('$file is refused', async ({ file, type, status, params }) => {
    const asked = countRequests()
    const response = await gateway.post(textOf('invalid', file))
    const error = refusalIn(await response.text(), response.headers.get('x-request-id'))
    expect({ status: response.status, type: error.type }).toEqual({ status, type })
    if (params.length === 0) expect(error.param).toBeUndefined()
    else expect(params).toContain(error.param)
    const named = error.issues?.map(({ param }) => param) ?? []
    expect(named).toEqual(expect.arrayContaining([...params]))
    expect(countRequests()).toBe(asked)
  })

  it('every request of the collection is expected to be refused', () => {
    expect(
      expectations()
        .map(({ file }) => file)
        .sort(),
    ).toEqual(filesIn('invalid').filter((file) => file !== 'expected.json'))
  })
})

function countRequests(): number {
  return [anthropic, openai, gemini, openrouter].reduce((count, { requests }) => count + requests.length, 0)
}

interface Expectation {
  readonly file: string
  readonly type: string
  readonly status: number
  /** All of them are among the issues, and one of them is the error's own. */
  readonly params: readonly string[]
}

function expectations(): Expectation[] {
  if (!isThere) return []
  const rows: unknown = JSON.parse(readFileSync(join(folder, 'invalid/expected.json'), 'utf8'))
  if (!Array.isArray(rows)) throw new Error('expected.json is not a list')
  return rows.filter(isObject).map(({ file, type, status, param }) => ({
    file: stringOf(file),
    type: stringOf(type),
    status: Number(status),
    params: (Array.isArray(param) ? param : [param]).filter((each) => typeof each === 'string'),
  }))
}

function filesIn(kind: 'valid' | 'invalid'): string[] {
  if (!isThere) return []
  return readdirSync(join(folder, kind))
    .filter((file) => file.endsWith('.json'))
    .sort()
}

/** A request's text; `{{REPEAT:<text>:<n>}}` in it stands for the text n times. */
function textOf(kind: 'valid' | 'invalid', file: string): string {
  const text = readFileSync(join(folder, kind, file), 'utf8')
  return text.replaceAll(/\{\{REPEAT:([^:}]*):(\d+)\}\}/g, (_, piece: string, times: string) => piece.repeat(Number(times)))
}

import { readFileSync } from 'node:fs'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Gateway, startGateway } from '../gateway.ts'
import { isObject } from '../upstreams/json.ts'

/** What the page on others' clients says that can be looked up. */

const page = readFileSync('docs/compatibility.md', 'utf8')
const rows = [...page.matchAll(/^\| `([^`]+)`\s*\| (\d\S*)/gm)].map(([, name = '', version = '']) => [name, version] as const)

describe('the versions on the page', () => {
  it('are there', () => {
    expect(rows.map(([name]) => name)).toEqual(
      expect.arrayContaining(['@anthropic-ai/sdk', 'ai', '@ai-sdk/anthropic', '@langchain/anthropic', 'openai']),
    )
  })

  it.each(rows)('%s %s is the one that is installed, and asked for', (name, version) => {
    expect(member(packageIn(`node_modules/${name}`), 'version')).toBe(version)
    expect(member(member(packageIn('.'), 'devDependencies'), name)).toBe(version)
  })
})

describe("OpenAI's SDK", () => {
  let gateway: Gateway
  beforeAll(async () => {
    gateway = await startGateway()
  })
  afterAll(() => gateway.close())

  it('lists the models, and finds nothing else', async () => {
    const client = new OpenAI({ apiKey: 'unused', baseURL: `${gateway.url}/v1`, maxRetries: 0 })
    expect((await client.models.list()).data.map(({ id }) => id)).toContain('demo/echo')
    const messages = [{ role: 'user' as const, content: 'Hello!' }]
    const asked = [
      client.chat.completions.create({ model: 'demo/echo', messages }),
      client.responses.create({ model: 'demo/echo', input: 'Hello!' }),
    ]
    for (const each of asked) await expect(each).rejects.toThrow(OpenAI.NotFoundError)
  })
})

function packageIn(folder: string): unknown {
  return JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'))
}

function member(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined
}

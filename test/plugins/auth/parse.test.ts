import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { parseKeys } from '../../../plugins/auth/parse.ts'
import { buildBefore } from '../../built.ts'
import { gatewayKey } from '../../gateway-keys.ts'

describe('the text of a file of keys', () => {
  it('says the same as JSON and as YAML', async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), async (document) => {
        const normal: unknown = JSON.parse(JSON.stringify(document))
        expect(await parseKeys(JSON.stringify(document))).toEqual({ document: normal })
        expect(await parseKeys(stringify(normal))).toEqual({ document: normal })
      }),
    )
  })

  it.each([
    ['{"keys": [], "keys": []}', 'line 1, column 14'],
    ['{"keys": [\n{"id": "a", "disabled": true, "disabled": false}]}', 'line 2, column 31'],
  ])('may be JSON, in which no member stands twice: %s', async (text, place) => {
    expect(await parseKeys(text)).toEqual({ problem: expect.stringContaining(`${place}: not valid`) })
  })

  it.each(['', 'null', ' # nothing\n'])('is empty where it is %j', async (text) => {
    expect(await parseKeys(text)).toEqual({ problem: expect.stringMatching(/^is empty/) })
  })
})

describe('much YAML', () => {
  buildBefore()

  it('is parsed beside what the built process does, and whatever is wrong with it is told', async () => {
    const built: { readonly parseKeys: typeof parseKeys } = await import(
      new URL('../../../dist/plugins/auth/parse.js', import.meta.url).href
    )
    const document = { tenants: {}, keys: Array.from({ length: 500 }, (_, index) => gatewayKey(`key-${index}`).record) }
    const text = stringify(document)
    let turns = 0
    let isParsed = false
    const turn = (): void => {
      turns++
      if (!isParsed) setImmediate(turn)
    }
    turn()
    const parsed = await built.parseKeys(text)
    isParsed = true
    expect(parsed).toEqual({ document })
    expect(turns).toBeGreaterThan(100)
    expect(await built.parseKeys(`${text}keys: []\n`)).toEqual({
      problem: expect.stringMatching(/^line \d+, column 1: not valid/),
    })
    expect(await built.parseKeys(`${text}more: *all\n`)).toEqual({ problem: expect.stringContaining('alias') })
  })
})

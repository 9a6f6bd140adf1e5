import { describe, expect, it } from 'vitest'
import { KnownSecrets } from '../../api/known-secrets.ts'
import { builtins } from '../../tools/builtins.gen.ts'
import { httpTool } from '../../tools/http-tool.ts'
import { readHttpTools } from '../../tools/http-tool-definition.ts'
import { toolThat } from '../runs/tools.ts'

describe('whether a call changes nothing', () => {
  it('is so of what the gateway brings along, which only reads', () => {
    expect(builtins.map(({ readOnly }) => readOnly)).toEqual(builtins.map(() => true))
  })

  it("is not known of the operator's, nor of those that do not say so", async () => {
    const [definition] = await readHttpTools(
      { crm: { description: 'Looks up.', url: 'http://crm.example/' } },
      [],
      () => undefined,
    )
    if (!definition) throw new Error('there is no tool')
    expect(httpTool(definition, { auth: {}, signing: undefined, known: new KnownSecrets([]) }).readOnly).toBe(false)
    expect(toolThat('any', async () => ({ content: '' })).readOnly).toBe(false)
  })
})

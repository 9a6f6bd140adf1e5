import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isForeignCitation, seal, sealOwner, unseal } from '../../providers/sealed.ts'

describe('what is sealed', () => {
  it('is opened by its owner and by nobody else, whatever is in it', () => {
    const owner = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/)
    fc.assert(
      fc.property(owner, owner, fc.string({ unit: 'binary' }), (mine, other, payload) => {
        const sealed = seal(mine, payload)
        expect(sealOwner(sealed)).toBe(mine)
        expect(unseal(mine, sealed)).toBe(payload)
        if (other !== mine) expect(unseal(other, sealed)).toBeUndefined()
      }),
    )
  })

  it.each(['', 'vai', 'vai.', 'vai.x', 'EqQBCgIYAhIM1gbcDa9GJwZA2b3h', 'VAI.groq.x'])(
    'has no owner where nobody sealed it: %j',
    (text) => {
      expect(sealOwner(text)).toBeUndefined()
      expect(unseal('groq', text)).toBeUndefined()
    },
  )

  it('may be empty: whose it is says enough', () => {
    expect(unseal('deepseek', seal('deepseek', ''))).toBe('')
  })
})

describe('a citation', () => {
  it.each([
    [{ type: 'web_search_result_location', encrypted_index: '' }, true],
    [{ type: 'web_search_result_location', encrypted_index: 'Eo8BCioIAhgBIiQ' }, false],
    [{ type: 'web_search_result_location' }, false],
    [{ type: 'char_location' }, false],
  ])('%j is foreign to Anthropic: %s', (citation, isForeign) => {
    expect(isForeignCitation(citation)).toBe(isForeign)
  })
})

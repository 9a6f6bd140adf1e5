import { describe, expect, it } from 'vitest'
import { areSentInClear, keysOf } from '../../cli/access.ts'
import { Problem } from '../../cli/ending.ts'

describe('keys', () => {
  it('are those of the command line, or else of the environment', () => {
    const environment = { VAI_API_KEY: 'sk-test-own', OPENAI_API_KEY: 'sk-test-openai' }
    const providerKeys = ['openai=OPENAI_API_KEY']
    expect(keysOf({ key: undefined, providerKeys }, environment)).toEqual({
      key: 'sk-test-own',
      providerKeys: { openai: 'sk-test-openai' },
    })
    expect(keysOf({ key: 'sk-test-given', providerKeys: [] }, environment)).toEqual({ key: 'sk-test-given', providerKeys: {} })
    expect(keysOf({ key: '', providerKeys: [] }, {})).toEqual({ key: undefined, providerKeys: {} })
  })

  it('are missed without a word of what may be one', () => {
    const read = (pair: string) => () => keysOf({ key: undefined, providerKeys: [pair] }, { EMPTY: '' })
    expect(read('openai=EMPTY')).toThrow('the variable EMPTY holds no key')
    expect(read('openai=sk-test-secret')).toThrow(Problem)
    expect(read('openai=sk-test-secret')).not.toThrow('secret')
  })

  it.each([
    ['http://gateway.example', true],
    ['ws://gateway.example/v1/live', true],
    ['http://127.example', true],
    ['http://127.0.0.1:8080', false],
    ['ws://[::1]:8080', false],
    ['http://localhost', false],
    ['https://gateway.example', false],
    ['wss://gateway.example', false],
  ])('to %s can be read on their way: %s', (address, isClear) => {
    expect(areSentInClear({ key: 'sk-test-own', providerKeys: {} }, new URL(address))).toBe(isClear)
    expect(areSentInClear({ key: undefined, providerKeys: { openai: 'sk-test-openai' } }, new URL(address))).toBe(isClear)
    expect(areSentInClear({ key: undefined, providerKeys: {} }, new URL(address))).toBe(false)
  })
})

import { expect, it } from 'vitest'
import { policyOf } from '../../providers/model-policy.ts'

it('everything is allowed where nothing is said', () => {
  expect(policyOf([])('anthropic/claude-sonnet-5-5')).toBe(true)
})

it.each([
  ['anthropic/*', ['anthropic/claude-sonnet-5-5', 'anthropic/'], ['openai/gpt-5', 'anthropic', 'xanthropic/a']],
  [
    'openai/gpt-5*',
    ['openai/gpt-5', 'openai/gpt-5-mini', 'openai/gpt-5.1'],
    ['openai/gpt-4o', 'openai/xgpt-5', 'openrouter/openai/gpt-5'],
  ],
  ['openai/gpt-5', ['openai/gpt-5'], ['openai/gpt-5-mini', 'openai/gpt-5-2025-08-07', 'OPENAI/gpt-5']],
  [
    'openrouter/*/gpt-*-mini',
    ['openrouter/openai/gpt-5-mini', 'openrouter//gpt--mini'],
    ['openrouter/openai/gpt-mini', 'openrouter/openai/gpt-5-mini-x'],
  ],
  ['*/claude*', ['anthropic/claude-opus-5', 'openrouter/anthropic/claude-opus-5'], ['anthropic/opus']],
  ['*', ['a/b'], []],
  ['a/b.c', ['a/b.c'], ['a/bxc']],
  ['a/*b*b', ['a/bb', 'a/xbxb'], ['a/b']],
])('%s allows what it fits, to the letter', (pattern, allowed, others) => {
  const isAllowed = policyOf([pattern])
  expect(allowed.filter((id) => !isAllowed(id))).toEqual([])
  expect(others.filter(isAllowed)).toEqual([])
})

it('any of several patterns will do', () => {
  const isAllowed = policyOf(['demo/echo', 'anthropic/*'])
  expect(['demo/echo', 'anthropic/a', 'demo/tools'].map(isAllowed)).toEqual([true, true, false])
})

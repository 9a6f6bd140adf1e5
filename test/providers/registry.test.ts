import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { providers } from '../../providers/index.ts'
import { modelError, Registry } from '../../providers/registry.ts'

const registry = new Registry(providers, {
  fast: 'openai/gpt-test',
  'claude-sonnet': 'anthropic/claude-sonnet-4-5',
  'house/gpt': 'openai/gpt-new',
  chain: 'fast',
})

describe('a model', () => {
  it.each([
    ['anthropic/claude-test', 'anthropic', 'claude-test'],
    ['openai/openai/gpt-4o', 'openai', 'openai/gpt-4o'],
    ['demo/echo', 'demo', 'echo'],
    ['openai//x', 'openai', '/x'],
  ])('%s is split at its first slash', (id, provider, name) => {
    expect(registry.resolve(id)).toMatchObject({ id, name, provider: { id: provider } })
  })

  it.each([
    ['fast', 'openai/gpt-test'],
    ['claude-sonnet', 'anthropic/claude-sonnet-4-5'],
    ['house/gpt', 'openai/gpt-new'],
  ])('%s may be another name for %s', (alias, id) => {
    expect(registry.resolve(alias)).toMatchObject({ id })
  })

  it('has no other name for another name', () => {
    expect(registry.resolve('chain')).toMatchObject({ problem: { code: 'invalid_model' } })
  })

  it.each(['gpt-test', '/gpt-test', 'openai/', '/', ''])('written %j is not provider/name', (id) => {
    const resolved = registry.resolve(id)
    expect(resolved).toMatchObject({ problem: { code: 'invalid_model' } })
    expect(JSON.stringify(resolved)).toContain('known providers: anthropic, openai')
  })

  it('of a provider nobody knows is told with those there are, and the one that may be meant', () => {
    expect(registry.resolve('antropic/claude')).toMatchObject({
      problem: {
        code: 'unknown_provider',
        message: expect.stringMatching(/did you mean anthropic\?.*known providers: anthropic, openai/),
      },
    })
    const other = registry.resolve('wxyzwxyz/m')
    expect(other).toMatchObject({ problem: { message: expect.not.stringContaining('did you mean') } })
  })

  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])('named %s is nothing special', (name) => {
    expect(registry.resolve(name)).toMatchObject({ problem: { code: 'invalid_model' } })
    expect(registry.resolve(`${name}/x`)).toMatchObject({ problem: { code: 'unknown_provider' } })
  })

  it('is resolved or refused, whatever it is called, and never throws', () => {
    fc.assert(
      fc.property(fc.string(), (id) => {
        const resolved = registry.resolve(id)
        if ('problem' in resolved) expect(modelError(resolved.problem, 'model').param).toBe('model')
        else expect(`${resolved.provider.id}/${resolved.name}`).toBe(resolved.id)
      }),
    )
  })
})

describe('the error for a model', () => {
  it('is a 400 where it is malformed and a 404 where there is no such provider', () => {
    const problem = { message: 'what is wrong' }
    expect(modelError({ code: 'invalid_model', ...problem }, 'model')).toMatchObject({
      status: 400,
      type: 'invalid_request_error',
      code: 'invalid_model',
      param: 'model',
    })
    expect(modelError({ code: 'unknown_provider', ...problem }, 'fallbacks[1]')).toMatchObject({
      status: 404,
      type: 'not_found_error',
      code: 'unknown_provider',
      param: 'fallbacks[1]',
      message: 'fallbacks[1]: what is wrong.',
      issues: [{ param: 'fallbacks[1]', code: 'unknown_provider', message: 'what is wrong' }],
    })
  })
})

describe('the providers', () => {
  it('have ids and key headers of their own', () => {
    const ids = providers.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const { id } of providers) expect(id).toMatch(/^[a-z0-9-]+$/)
    expect(registry.providers).toEqual(providers)
  })
})

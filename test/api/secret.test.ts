import { format, inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mask, Secret } from '../../api/secret.ts'

const key = 'sk-test-0123456789abcdef'

describe('a secret', () => {
  const secret = new Secret(key)
  it.each<[string, () => string]>([
    ['a template string', () => `${secret}`],
    ['concatenation', () => `key: ${String(secret)}`],
    ['JSON', () => JSON.stringify({ nested: [secret] })],
    ['inspection', () => inspect(secret)],
    ['inspection of what holds it, with hidden fields', () => inspect({ deep: { secret } }, { depth: 9, showHidden: true })],
    ['a format string', () => format('%s %o %j %O', secret, secret, secret, secret)],
    ['its own fields', () => JSON.stringify([Object.entries(secret), Reflect.ownKeys(secret).map(String)])],
    ['an error that has it as its cause', () => inspect(new Error('failed', { cause: secret }))],
    ['a copy', () => JSON.stringify({ ...secret }) + inspect(structuredClone({ ...secret }))],
  ])('is not told by %s', (_, tell) => {
    expect(tell()).not.toContain('0123456789')
  })

  it('is told to whoever asks for it by name', () => {
    expect(secret.reveal()).toBe(key)
  })
})

describe('mask', () => {
  it.each([
    ['sk-ant-api03-abcDEF_123-456789', 'Anthropic'],
    ['sk-test-0123456789abcdef', 'a test key'],
    ['sk-proj-abc_DEF-1234567890', 'OpenAI'],
    ['vai_sk_0123456789abcdef', 'the gateway'],
    [`AIza${'Sy0123456789abcdefghijklmnopqrst-_u'}`, 'Google'],
    ['gsk_0123456789abcdefABCDEF', 'Groq'],
    ['csk-0123456789abcdefabcdef', 'Cerebras'],
    ['xai-0123456789abcdefABCDEF', 'xAI'],
    ['Bearer abc.def-123~456+/789=', 'a bearer token'],
  ])('finds %s, a key of %s', (text) => {
    for (const around of [text, `"${text}"`, `key=${text}&x=1`, `refused (${text}).`, `{"k":"${text}"}`]) {
      const masked = mask(around)
      expect(masked).not.toContain(text)
      expect(masked).toContain('[redacted]')
      expect(masked).toBe(around.replace(text, '[redacted]'))
    }
  })

  it.each([
    'a risk-free trial',
    'task-management-with-many-words',
    'sk-short',
    'Bearer of bad news',
    'AIzawa',
    'claude-sonnet-4-5-20250929',
  ])('leaves %j as it is', (text) => {
    expect(mask(text)).toBe(text)
  })

  it('finds every occurrence of a known secret, whatever its form and wherever it stands', () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9+/=_.$^()-]{6,24}$/)
    fc.assert(
      fc.property(secret, fc.array(fc.string()), (value, parts) => {
        const masked = mask(parts.join(value), [new Secret(value)])
        // The placeholder itself may hold a short secret, such as "redact".
        expect(masked.replaceAll('[redacted]', '')).not.toContain(value)
      }),
    )
  })

  it('does not take a word of a few letters for a secret', () => {
    expect(mask('the key is key', [new Secret('key'), new Secret('')])).toBe('the key is key')
  })
})

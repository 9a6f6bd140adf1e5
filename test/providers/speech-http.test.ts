import { afterEach, describe, expect, it } from 'vitest'
import { GatewayError } from '../../api/error.ts'
import { Secret } from '../../api/secret.ts'
import { ask, mayBeSound, mediaTypeOf, soundless } from '../../providers/speech-http.ts'
import { speechCall } from '../speech-call.ts'
import { type Behaviour, htmlPage, json, reply } from '../upstreams/behaviour.ts'
import { startUpstream } from '../upstreams/upstream.ts'

const source = { id: 'demo', name: 'Demo', apiKey: new Secret('sk-test-http') }
const request = { path: '/speak', headers: { 'x-key': 'k' }, body: Buffer.from('{}') }

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

async function answered(behaviour: Behaviour) {
  const upstream = await startUpstream(behaviour)
  const test = speechCall(upstream.url, 'sk-test-http', 'any')
  open.push(upstream, test)
  return test.call
}

describe('an answer to a request for sound', () => {
  it('is a failure in the words of whoever reads them where it is not 2xx', async () => {
    const call = await answered(reply('slow down', { status: 429 }))
    await expect(ask(call, source, request)).rejects.toMatchObject({ code: 'provider_rate_limit' })
    const failure = ask(
      call,
      source,
      request,
      (_, { status }, text) => new GatewayError('provider_quota', { message: `${status}: ${text}` }),
    )
    await expect(failure).rejects.toThrow('429: slow down')
  })

  it.each([
    ['audio/mpeg', true],
    ['application/octet-stream', true],
    ['AUDIO/PCM; rate=24000', true],
    [undefined, true],
    ['application/json', false],
    ['application/problem+json; charset=utf-8', false],
    ['Text/Plain', false],
    ['application/xml', false],
  ])('may be sound under the name of %s: %s', (type, isSound) => {
    expect(mayBeSound({ headers: { 'content-type': type } })).toBe(isSound)
  })

  it('has a media type in lower case, without parameters', () => {
    expect(mediaTypeOf({ headers: { 'content-type': 'Text/HTML ; charset=x' } })).toBe('text/html')
    expect(mediaTypeOf({ headers: {} })).toBe('')
  })

  it.each<[string, Behaviour, string, string]>([
    ['an error', json({ error: { message: 'no such voice' } }), 'provider_error', 'no such voice'],
    ['other JSON', json({ audio: 'AAAA' }), 'provider_protocol', 'it answered with application/json where sound was asked for'],
    ['a page', htmlPage(200), 'provider_protocol', 'it answered with an HTML page'],
    ['text', reply('hello', { headers: { 'content-type': 'text/plain' } }), 'provider_protocol', 'text/plain where sound'],
    ['nothing', reply('', { headers: { 'content-type': 'text/plain' } }), 'provider_protocol', 'the answer is empty'],
  ])('that is none is told as what it is: %s', async (_, behaviour, code, words) => {
    const call = await answered(behaviour)
    const error = await soundless(await ask(call, source, request), call, source)
    expect(error.code).toBe(code)
    expect(error.message).toContain(words)
  })

  it('that is none is told in the words of the vendor', async () => {
    const call = await answered(json({ detail: 'no credits' }))
    const told = new GatewayError('provider_quota', { message: 'no credits' })
    const response = await ask(call, source, request)
    expect(await soundless(response, call, source, (text) => (text.includes('credits') ? told : undefined))).toBe(told)
  })
})

import { stamp, type Template, template } from '../marker.ts'
import { conversation, writeRequest } from '../requests.ts'
import type { Ask } from './exchange.ts'

/** What is asked again and again, and how each may end. */
export interface Kind {
  readonly name: string
  /** How often it comes in one round of the mix. */
  readonly share: number
  /** Pieces of text in the whole answer. */
  readonly events: number
  readonly outcomes: readonly string[]
  ask(nonce: number): Ask
}

/** `keys` are gateway keys; whoever has the one called `poor` may ask next to nothing. */
export function mixOf(keys: { readonly rich: readonly string[]; readonly poor: string }): readonly Kind[] {
  const rich = (nonce: number): string => keys.rich[nonce % keys.rich.length] ?? ''
  const model = (name: string, share: number, outcomes: readonly string[], options: Options): Kind => {
    const { what = 'ok', events = 40, size = 'small', stream, from = rich, ...rest } = options
    const bodies = ['openai', 'anthropic'].map((provider) => {
      const body = writeRequest('anthropic', `${provider}/soak-${what}-${events}`, stream, conversation(size))
      return template(body)
    })
    const ask = (nonce: number): Ask => ({
      path: '/v1/messages',
      headers: { ...json, 'x-api-key': from(nonce) },
      body: stampedOf(bodies, nonce),
      ...rest,
    })
    return { name, share, events, outcomes, ask }
  }
  const get = (name: string, path: string): Kind => ({
    name,
    share: 1,
    events: 0,
    outcomes: ['whole'],
    ask: (nonce) => ({ method: 'GET', path, headers: { 'x-api-key': rich(nonce) } }),
  })
  return [
    model('streams', 8, ['whole'], { stream: true, events: 200 }),
    model('whole messages', 6, ['whole'], { stream: false }),
    model('large bodies', 2, ['whole'], { stream: false, size: 'large' }),
    model('slow readers', 2, ['whole'], { stream: true, events: 6000, idleMs: 40 }),
    model('callers who leave in mid-stream', 3, ['left'], { what: 'paced', stream: true, events: 1000, leaveAfter: 2000 }),
    model('callers who leave before an answer', 2, ['left'], { what: 'silent', stream: false, leaveAfter: 0 }),
    model('refused once, then answered', 2, ['whole'], { what: 'flaky', stream: true }),
    model('streams that break', 1, ['provider_disconnected'], { what: 'cut', stream: true, events: 200 }),
    model('messages that break', 1, ['provider_disconnected'], { what: 'cut', stream: false, events: 200 }),
    model('silence', 1, ['provider_timeout'], { what: 'silent', stream: true }),
    model('wrong to the provider', 1, ['provider_rejected'], { what: 'wrong', stream: false }),
    model('too many for the provider', 1, ['provider_rate_limit'], { what: 'busy', stream: true }),
    model('broken providers', 1, ['provider_error'], { what: 'broken', stream: false }),
    model('over a limit', 2, ['whole', 'request_rate_limit'], { stream: false, from: () => keys.poor }),
    model('wrong keys', 1, ['invalid_api_key', 'authentication_rate_limit'], { stream: false, from: wrongKey }),
    {
      name: 'wrong requests',
      share: 1,
      events: 0,
      outcomes: ['required'],
      ask: (nonce) => ({
        path: '/v1/messages',
        headers: { ...json, 'x-api-key': rich(nonce) },
        body: Buffer.from('{"model":"demo/echo","messages":[{"role":"user"}]}'),
      }),
    },
    get('lists of models', '/v1/models'),
    get('measurements', '/metrics'),
  ]
}

interface Options extends Pick<Ask, 'leaveAfter' | 'idleMs'> {
  readonly what?: string
  readonly events?: number
  readonly size?: 'small' | 'large'
  readonly stream: boolean
  readonly from?: (nonce: number) => string
}

const json = { 'content-type': 'application/json' }

function stampedOf(bodies: readonly Template[], nonce: number): Buffer {
  const body = bodies[nonce % bodies.length]
  if (!body) throw new Error('no body')
  return stamp(body, { nonce, sentAt: 0 })
}

/** Each another, so that what is remembered of wrong keys would be seen to grow. */
function wrongKey(nonce: number): string {
  return `vai_sk_${String(nonce).padStart(38, '0')}`
}

import {
  APIError,
  AuthenticationError,
  type ErrorDetail,
  type ErrorType,
  InternalError,
  InvalidRequestError,
  NotFoundError,
  OverloadedError,
  PermissionError,
  ProviderError,
  RateLimitError,
  TimeoutError,
  VAI,
  VAIError,
} from '@vai/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { catalogue } from '../../api/error.ts'
import { type Gateway, startGateway } from '../gateway.ts'
import { type Behaviour, silence } from '../upstreams/behaviour.ts'
import { startUpstream, type Upstream } from '../upstreams/upstream.ts'
import { question, refused, requestId } from './answers.ts'

const classes: Readonly<Record<ErrorType, typeof APIError>> = {
  invalid_request_error: InvalidRequestError,
  authentication_error: AuthenticationError,
  permission_error: PermissionError,
  not_found_error: NotFoundError,
  rate_limit_error: RateLimitError,
  timeout_error: TimeoutError,
  overloaded_error: OverloadedError,
  provider_error: ProviderError,
  api_error: InternalError,
}

let behaviour: Behaviour = silence
let upstream: Upstream
let vai: VAI

beforeAll(async () => {
  upstream = await startUpstream(() => behaviour)
  vai = new VAI({ baseURL: upstream.url, maxRetries: 0 })
})

afterAll(() => upstream.close())

const asked = (): Promise<unknown> => vai.messages.create(question).catch((error: unknown) => error)

describe('an error of the contract', () => {
  it.each(Object.entries(classes))('of type %s has its class', async (type, Class) => {
    behaviour = refused(400, { type })
    const error = await asked()
    expect(error).toBeInstanceOf(Class)
    expect(error).toBeInstanceOf(APIError)
    expect(error).toBeInstanceOf(VAIError)
    expect(error).toMatchObject({ name: Class.name, type })
  })

  it('comes with all that the gateway says', async () => {
    // Whatever an error gains does not compile until it stands here, and fails until the class has it.
    const all: Required<ErrorDetail> = {
      type: 'rate_limit_error',
      message: 'Slow down.',
      param: 'model',
      code: 'provider_rate_limit',
      request_id: requestId,
      retry_after: 99,
      issues: [{ param: 'messages[0].content', code: 'too_short', message: 'It is empty.' }],
      details: { error_code: 'thread_unsupported_request', supported: ['a'] },
      provider_error: { provider: 'openai', status: 429, body: { error: 'slow down' } },
    }
    behaviour = refused(429, all, { 'retry-after': '99' })
    const error = await asked()
    expect(error).toBeInstanceOf(RateLimitError)
    expect(error).toMatchObject({ ...all, status: 429 })
  })

  it('is not changed by what the caller’s headers are, unless they are keys', async () => {
    const headers = {
      'x-team': 'messages',
      'x-author': 'invalid_request_error',
      'anthropic-beta': 'model-2026-01-01',
      'x-session-token': 'rate_limit_error',
    }
    const provider_error = { body: { 'x-team': 'messages', told: 'rate_limit_error' } }
    const told = { message: 'messages: model-2026-01-01', param: 'messages[0].content', provider_error }
    behaviour = refused(429, { type: 'rate_limit_error', code: 'rate_limit_error', ...told })
    const error = await vai.messages.create(question, { headers }).catch((cause: unknown) => cause)
    expect(error).toBeInstanceOf(RateLimitError)
    expect(error).toMatchObject({
      ...told,
      type: 'rate_limit_error',
      code: 'rate_limit_error',
      // That was sent as a token.
      provider_error: { body: { 'x-team': 'messages', told: '…' } },
    })
  })

  it('of a type that is not known yet is an APIError', async () => {
    behaviour = refused(418, { type: 'teapot_error' })
    const error = await asked()
    expect(error).toBeInstanceOf(APIError)
    expect(error).toMatchObject({ name: 'APIError', type: 'teapot_error', status: 418, issues: [] })
  })

  it('has the id of its body where the header is lost', async () => {
    behaviour = refused(400, { type: 'invalid_request_error' }, { 'x-request-id': '' })
    expect(await asked()).toMatchObject({ request_id: requestId })
  })

  it('begins a stream, too', async () => {
    behaviour = refused(529, { type: 'overloaded_error' })
    await expect(vai.messages.stream(question).finalMessage()).rejects.toThrow(OverloadedError)
    await expect(vai.runs.stream({ request: question }).finalResult()).rejects.toThrow(OverloadedError)
  })
})

describe('the gateway', () => {
  let gateway: Gateway
  beforeAll(async () => {
    gateway = await startGateway({ env: { VAI_OPENAI_BASE_URL: 'http://127.0.0.1:9/v1', VAI_RETRY_ATTEMPTS: '0' } })
  })
  afterAll(() => gateway.close())

  it.each([
    ['a wrong request', { ...question, max_tokens: -1 }, InvalidRequestError, 400],
    ['a provider without a key', { ...question, model: 'groq/llama' }, AuthenticationError, 401],
    ['a model that there is not', { ...question, model: 'demo/nothing' }, NotFoundError, 404],
  ])('refuses %s by the class for it', async (_, params, Class, status) => {
    const error = await new VAI({ baseURL: gateway.url, maxRetries: 0 }).messages.create(params).catch((cause: unknown) => cause)
    expect(error).toBeInstanceOf(Class)
    expect(error).toMatchObject({ status, request_id: expect.stringMatching(/^req_/), message: expect.stringMatching(/./) })
  })

  it('has no type of error without a class', () => {
    expect(Object.values(catalogue).filter(({ type }) => !Object.hasOwn(classes, type))).toEqual([])
  })

  it('tells of a provider that it does not reach', async () => {
    const own = new VAI({ baseURL: gateway.url, maxRetries: 0, providerKeys: { openai: 'sk-test-openai' } })
    await expect(own.messages.create({ ...question, model: 'openai/gpt-5-mini' })).rejects.toThrow(ProviderError)
  })
})

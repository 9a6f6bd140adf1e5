import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { errorOf, messageOf } from '../gateway.ts'
import { type Running, startBefore, type Vendor, vendors } from './vendors.ts'

/** Betas that Anthropic's own clients use unasked: what becomes of them where another provider answers. */

const headers = {
  'anthropic-version': '2023-06-01',
  'anthropic-beta': 'message-threads-2026-08-12,dangerous-tool-use-2026-09-03',
}
const hello = { role: 'user', content: 'Hello!' }

describe.each(vendors)('before $name', (vendor) => {
  const { model } = vendor
  let running: Running
  beforeAll(async () => {
    running = await startBefore(vendor)
  })
  afterAll(() => running.close())

  const ask = (more: object, path?: string): Promise<Response> =>
    running.gateway.post({ model, max_tokens: 2048, messages: [hello], ...more }, headers, path)
  const last = (): string => running.upstream.requests.at(-1)?.body ?? ''

  it.skipIf(vendor.native)('a thread is refused in the words by which clients know to do without', async () => {
    for (const thread of [{ type: 'create' }, { type: 'continue', previous_message_id: 'msg_1' }]) {
      const before = running.upstream.requests.length
      const response = await ask({ thread })
      expect(response.status).toBe(400)
      expect(await errorOf(response)).toMatchObject({
        type: 'invalid_request_error',
        code: 'unsupported_parameter',
        param: 'thread',
        details: { error_code: 'thread_unsupported_request' },
      })
      expect(running.upstream.requests).toHaveLength(before)
    }
    expect((await ask({ thread: null })).status).toBe(200)
  })

  it.runIf(vendor.native)('a thread goes on with what is new of it, be it nothing', async () => {
    const { id } = await messageOf(await ask({ thread: { type: 'create' } }))
    const thread = { type: 'continue', previous_message_id: id }
    const answer = { type: 'tool_result', tool_use_id: 'toolu_of_another_request', content: 'Snow.' }
    const error = await errorOf(await ask({ thread, messages: [{ role: 'user', content: [answer] }] }))
    // The provider is the one that knows what was said before.
    expect(error).toMatchObject({ code: 'provider_rejected', message: expect.stringContaining('toolu_of_another_request') })
    expect((await ask({ thread, messages: [] })).status).toBe(200)
    expect(JSON.parse(last())).toMatchObject({ thread, messages: [] })
    expect((await ask({ messages: [] })).status).toBe(400)
  })

  it.runIf(vendor.native)('a thread whose beta nobody asked for is held to the rules of a whole conversation', async () => {
    const thread = { type: 'continue', previous_message_id: 'msg_1' }
    const answer = { type: 'tool_result', tool_use_id: 'toolu_1', content: 'Snow.' }
    const { gateway, upstream } = running
    const before = upstream.requests.length
    const plain = (more: object): Promise<Response> => gateway.post({ model, max_tokens: 9, thread, messages: [hello], ...more })
    expect(await errorOf(await plain({ messages: [{ role: 'user', content: [answer] }] }))).toMatchObject({
      code: 'tool_use_not_found',
    })
    expect(await errorOf(await plain({ messages: [{ role: 'assistant', content: 'Hm.' }] }))).toMatchObject({
      code: 'first_message_role',
    })
    expect(await errorOf(await plain({ tool_choice: { type: 'any' } }))).toMatchObject({ code: 'tool_not_found' })
    expect(upstream.requests).toHaveLength(before)
  })

  it.skipIf(vendor.native)('a thread is refused in those words whatever it refers to, and without the beta too', async () => {
    const thread = { type: 'continue', previous_message_id: 'msg_1' }
    const messages = [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'Snow.' }] }]
    const details = { details: { error_code: 'thread_unsupported_request' } }
    expect(await errorOf(await ask({ thread, messages }))).toMatchObject(details)
    const plain = await running.gateway.post({ model, max_tokens: 9, thread, messages })
    expect(await errorOf(plain)).toMatchObject(details)
  })

  it.runIf(vendor.native)('a thread that is lost is told in the words by which clients begin again', async () => {
    const response = await ask({ thread: { type: 'continue', previous_message_id: 'msg_lost' } })
    expect(response.status).toBe(404)
    expect(await errorOf(response)).toMatchObject({ type: 'not_found_error', details: { error_code: 'thread_not_found' } })
  })

  it('a thread is refused in a run, which keeps its own conversation', async () => {
    const request = { model, messages: [hello], thread: { type: 'create' } }
    const error = await errorOf(await running.gateway.post({ request }, headers, '/v1/runs'))
    expect(error).toMatchObject({ code: 'unsupported_parameter', param: 'request.thread' })
  })

  it('checks of dangerous calls are passed on or told to be left out', async () => {
    const safeguards = [{ type: 'dangerous_tool_use', classifier_context: { v: 1, rules: { allow: [] } } }]
    const { metadata } = await messageOf(await ask({ safeguards }))
    const warned = metadata?.warnings?.some(({ param, code }) => param === 'safeguards' && code === 'dropped') ?? false
    expect(warned).toBe(!vendor.native)
    expect(last().includes('dangerous_tool_use')).toBe(vendor.native)
  })

  it('a mark of a shared cache is one that every provider understands or does without', async () => {
    const cache_control = { type: 'ephemeral', ttl: '1h', scope: 'global' }
    expect((await ask({ system: [{ type: 'text', text: 'Be kind.', cache_control }] })).status).toBe(200)
    expect(last()).toContain('Be kind.')
    expect(last().includes('"scope":"global"')).toBe(vendor.native)
  })

  it('thinking that is shown as it goes is asked for', async () => {
    const thinking = { type: 'adaptive', display: 'updates' }
    expect((await ask({ thinking: thinks(vendor) ? thinking : { type: 'disabled' } })).status).toBe(200)
  })
})

function thinks({ model }: Vendor): boolean {
  return model !== 'openai/gpt-4.1'
}

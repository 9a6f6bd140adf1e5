import { expect, it } from 'vitest'
import type { Stage } from './stage.ts'

/** What the SDK does with messages in a browser. */
export function testMessages(stage: () => Stage): void {
  it('are created, streamed and aborted', async () => {
    const { page, url } = stage()
    expect(await page.run('create', { url }, 'messages')).toEqual({
      content: [{ type: 'text', text: 'Good morning! It is nine.' }],
      request_id: expect.stringMatching(/^req_/),
    })
    expect(await page.run('stream', { url }, 'messages')).toEqual({
      texts: ['Good', ' morning!', ' It', ' is', ' nine.'],
      final: 'Good morning! It is nine.',
      request_id: expect.stringMatching(/^req_/),
    })
    expect(await page.run('abort', { url }, 'messages')).toEqual({ texts: 3, error: 'AbortedError' })
  })

  it('fail with the errors of the contract, or say that nobody is there', async () => {
    const { page, url } = stage()
    expect(await page.run('failure', { url }, 'messages')).toMatchObject({
      isOfContract: true,
      name: 'NotFoundError',
      code: 'unknown_model',
      param: 'model',
      request_id: expect.stringMatching(/^req_/),
    })
    expect(await page.run('failure', { url: 'http://127.0.0.1:9' }, 'messages')).toMatchObject({
      isOfContract: false,
      name: 'ConnectionError',
    })
  })

  it('are for pages of the origins that the gateway knows alone', async () => {
    const { strange, url } = stage()
    expect(await strange.run('failure', { url, model: 'demo/echo' }, 'messages')).toMatchObject({ name: 'ConnectionError' })
  })
}

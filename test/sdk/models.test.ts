import { UnexpectedResponseError, UsageError, VAI } from '@vai/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Gateway, startGateway } from '../gateway.ts'
import { json } from '../upstreams/behaviour.ts'
import { startUpstream } from '../upstreams/upstream.ts'

let gateway: Gateway
let vai: VAI

beforeAll(async () => {
  gateway = await startGateway()
  vai = new VAI({ baseURL: gateway.url, maxRetries: 0 })
})

afterAll(() => gateway.close())

describe('models', () => {
  it('are listed in one page', async () => {
    const page = await vai.models.list()
    expect(page).toMatchObject({ object: 'list', has_more: false, request_id: expect.stringMatching(/^req_/) })
    expect(page.data.map(({ id }) => id)).toContain('demo/echo')
    expect(JSON.parse(JSON.stringify(page))).toHaveProperty('data')
    expect(await idsOf(page)).toEqual(page.data.map(({ id }) => id))
  })

  it('are fetched page by page, in either direction', async () => {
    const all = (await vai.models.list()).data.map(({ id }) => id)
    const limit = Math.ceil(all.length / 3)
    const first = await vai.models.list({ limit })
    expect(first).toMatchObject({ has_more: true, last_id: all[limit - 1] })
    expect(await idsOf(first)).toEqual(all)
    expect(await idsOf(first)).toEqual(all)

    const middle = all[limit]
    expect(await idsOf(await vai.models.list({ limit, after_id: middle }))).toEqual(all.slice(limit + 1))
    const backwards = await idsOf(await vai.models.list({ limit: 1, before_id: all[3] }))
    expect(backwards).toEqual(all.slice(0, 3).reverse())
  })

  it('are fetched no further than they are wanted', async () => {
    const upstream = await startUpstream((request) => json(page(request.index)))
    const own = new VAI({ baseURL: upstream.url })
    const ids: string[] = []
    for await (const { id } of await own.models.list({ limit: 2 })) {
      ids.push(id)
      if (ids.length === 3) break
    }
    expect(ids).toEqual(['a/0', 'b/0', 'a/1'])
    expect(upstream.requests.map(({ path }) => path)).toEqual(['/v1/models?limit=2', '/v1/models?limit=2&after_id=b%2F0'])
    await upstream.close()
  })

  it('of a list that says that it goes on, and not where, are an error', async () => {
    const upstream = await startUpstream(json({ ...page(0), last_id: null }))
    const list = await new VAI({ baseURL: upstream.url }).models.list()
    await expect(idsOf(list)).rejects.toThrow(UnexpectedResponseError)
    expect(upstream.requests).toHaveLength(1)
    await upstream.close()
  })

  it.each([
    ['to itself', [0, 0], 2],
    ['to one before it', [0, 1, 0], 3],
    ['to where it was asked to begin', [9], 1],
  ])('of a list that leads back %s are an error, and no list without an end', async (_, pages, asked) => {
    const upstream = await startUpstream(({ index }) => json(page(pages[index] ?? 7)))
    const list = await new VAI({ baseURL: upstream.url }).models.list({ after_id: 'b/9' })
    await expect(idsOf(list)).rejects.toMatchObject({
      name: 'UnexpectedResponseError',
      message: expect.stringContaining('names no new one'),
    })
    expect(upstream.requests).toHaveLength(asked)
    await upstream.close()
  })

  it.each([null, {}, 'x', [null]])('are no list of %j', async (data) => {
    const upstream = await startUpstream(json({ data }))
    await expect(new VAI({ baseURL: upstream.url }).models.list()).rejects.toThrow(UnexpectedResponseError)
    await upstream.close()
  })

  it('are found by their ids, slashes and all', async () => {
    expect(await vai.models.get('demo/echo')).toMatchObject({ id: 'demo/echo', request_id: expect.stringMatching(/^req_/) })
    for (const id of ['openrouter/anthropic/claude-sonnet-4.5', 'openrouter/deepseek/deepseek-chat:free']) {
      expect((await vai.models.get(id)).id).toBe(id)
    }
    for (const id of ['demo/nothing', 'groq/what? #1 100%']) {
      const refusal = { name: 'NotFoundError', status: 404, message: expect.stringContaining(id) }
      await expect(vai.models.get(id)).rejects.toMatchObject(refusal)
    }
  })

  it.each(['', '..', 'demo/../../admin', './x'])('are not looked for elsewhere: %j', async (id) => {
    await expect(vai.models.get(id)).rejects.toThrow(UsageError)
  })

  it('are not listed by what no list knows', async () => {
    await expect(vai.models.list({ limit: 0 })).rejects.toMatchObject({ name: 'InvalidRequestError', param: 'limit' })
    await expect(vai.models.list({ after_id: 'nobody/nothing' })).rejects.toMatchObject({ param: 'after_id' })
  })
})

async function idsOf(models: AsyncIterable<{ readonly id: string }>): Promise<string[]> {
  const ids: string[] = []
  for await (const { id } of models) ids.push(id)
  return ids
}

/** One of a list without an end. */
function page(index: number): object {
  const data = ['a', 'b'].map((provider) => ({ id: `${provider}/${index}`, object: 'model', type: 'model' }))
  return { object: 'list', data, has_more: true, first_id: data[0]?.id, last_id: data[1]?.id }
}

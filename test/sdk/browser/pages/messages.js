import { APIError, VAI } from '@vai/sdk'

const greeting = { model: 'demo/echo', messages: [{ role: 'user', content: 'Good morning! It is nine.' }] }

export async function create({ url }) {
  const { content, request_id } = await new VAI({ baseURL: url }).messages.create(greeting)
  return { content, request_id }
}

export async function stream({ url }) {
  const texts = []
  const stream = new VAI({ baseURL: url }).messages.stream(greeting)
  for await (const text of stream.text()) texts.push(text)
  return { texts, final: await stream.finalText(), request_id: stream.request_id }
}

export async function abort({ url }) {
  const long = { model: 'demo/echo', messages: [{ role: 'user', content: 'word '.repeat(20_000) }] }
  const stream = new VAI({ baseURL: url }).messages.stream(long)
  let texts = 0
  try {
    for await (const _ of stream.text()) if (++texts === 3) stream.abort()
  } catch (error) {
    return { texts, error: error.name }
  }
  return { texts }
}

export async function failure({ url, model = 'demo/nobody' }) {
  try {
    await new VAI({ baseURL: url, maxRetries: 0 }).messages.create({ ...greeting, model })
    return {}
  } catch (error) {
    return {
      name: error.name,
      isOfContract: error instanceof APIError,
      code: error.code,
      param: error.param,
      request_id: error.request_id,
    }
  }
}

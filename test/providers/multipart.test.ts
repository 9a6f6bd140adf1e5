import fc from 'fast-check'
import { Response } from 'undici'
import { describe, expect, it } from 'vitest'
import { type FormPart, multipartForm } from '../../providers/multipart.ts'

/** What a parser that is not ours reads of a form: names and texts, or files with what is in them. */
async function read(parts: readonly FormPart[]): Promise<unknown[]> {
  const { contentType, body } = multipartForm(parts)
  const form = await new Response(body, { headers: { 'content-type': contentType } }).formData()
  const entries: unknown[] = []
  for (const [name, value] of form) {
    if (typeof value === 'string') entries.push({ name, value })
    else {
      const bytes = [...new Uint8Array(await value.arrayBuffer())]
      entries.push({ name, filename: value.name, mediaType: value.type, bytes })
    }
  }
  return entries
}

const file = (bytes: Uint8Array, filename = 'speech.wav') => ({ filename, mediaType: 'audio/wav', bytes })

describe('a form', () => {
  it('is read as it was written, in its order, with names that come again', async () => {
    const parts: FormPart[] = [
      { name: 'model', value: 'whisper-1' },
      { name: 'file', value: file(Uint8Array.of(0, 255, 13, 10, 45, 45)) },
      { name: 'timestamp_granularities[]', value: 'word' },
      { name: 'timestamp_granularities[]', value: 'segment' },
    ]
    expect(await read(parts)).toEqual([
      { name: 'model', value: 'whisper-1' },
      { name: 'file', filename: 'speech.wav', mediaType: 'audio/wav', bytes: [0, 255, 13, 10, 45, 45] },
      { name: 'timestamp_granularities[]', value: 'word' },
      { name: 'timestamp_granularities[]', value: 'segment' },
    ])
  })

  it.each(['say "hello"', 'two\nlines', 'two\r\nlines', 'a\rb', '"; name="other', 'naïve 名前', 'a;b', ' a '])(
    'keeps the name %j',
    async (name) => {
      expect(await read([{ name, value: 'x' }])).toEqual([{ name, value: 'x' }])
      expect(await read([{ name: 'file', value: file(Uint8Array.of(1), name) }])).toMatchObject([{ filename: name }])
    },
  )

  it.each(['', 'naïve ✓ 名前', 'two\r\nlines\n', '\r\n--vai-\r\n', '--', 'a: b\r\n\r\nc'])('keeps the text %j', async (value) => {
    expect(await read([{ name: 'prompt', value }])).toEqual([{ name: 'prompt', value }])
  })

  it('keeps a file without a byte in it', async () => {
    expect(await read([{ name: 'file', value: file(new Uint8Array()) }])).toMatchObject([{ filename: 'speech.wav', bytes: [] }])
  })

  it('keeps bytes that look like the bounds of parts', async () => {
    const tricky = Buffer.from('\r\n--vai-\r\n--\r\nContent-Disposition: form-data; name="model"\r\n\r\nother\r\n--vai-00--\r\n')
    // Also those of another form, since no two have the same bounds.
    const other = multipartForm([{ name: 'model', value: 'other' }]).body
    for (const bytes of [tricky, other]) {
      expect(await read([{ name: 'file', value: file(bytes) }])).toMatchObject([{ name: 'file', bytes: [...bytes] }])
    }
  })

  it('keeps a part of a larger buffer', async () => {
    const bytes = Uint8Array.of(1, 2, 3, 4, 5).subarray(1, 4)
    expect(await read([{ name: 'file', value: file(bytes) }])).toMatchObject([{ bytes: [2, 3, 4] }])
  })

  it('keeps any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.string({ unit: 'binary', maxLength: 30 }), async (bytes, value) => {
        const parts: FormPart[] = [
          { name: 'file', value: file(bytes) },
          { name: 'prompt', value },
        ]
        expect(await read(parts)).toMatchObject([{ bytes: [...bytes] }, { value: Buffer.from(value).toString() }])
      }),
    )
  })

  it('has another bound each time', () => {
    const types = Array.from({ length: 10 }, () => multipartForm([]).contentType)
    expect(new Set(types).size).toBe(10)
    expect(types[0]).toMatch(/^multipart\/form-data; boundary=vai-[0-9a-f]{36}$/)
  })
})

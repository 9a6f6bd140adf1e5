import { describe, expect, it } from 'vitest'
import type { ContentBlockParam } from '../../../api/schemas.gen.ts'
import { beginHistory, happenedIn, refused, requestOf, withAttached, withWords } from '../../../plugins/live/history.ts'
import { sizeOf } from '../../../plugins/live/history-size.ts'
import { typedProblem } from '../../../plugins/live/typed.ts'

const sizes = { imageBytes: 1000, blockBytes: 1000, base64Bytes: 600, messages: 10, textBytes: 5000 }
const bounds = { characters: 2000, sizes }
const empty = beginHistory([])
const picture = (bytes: number): ContentBlockParam => ({
  type: 'image',
  source: { type: 'base64', media_type: 'image/png', data: Buffer.alloc(bytes).toString('base64') },
})

describe('what a user types', () => {
  it('is so long and no longer, all its texts together', () => {
    const text = 'a'.repeat(2000)
    const issues = [{ param: 'content', code: 'too_large', message: expect.stringContaining('2001') }]
    expect(typedProblem(text, empty, [], bounds)).toBeUndefined()
    expect(typedProblem(`${text}a`, empty, [], bounds)).toEqual({ type: 'invalid', issues })
    const two = [
      { type: 'text' as const, text },
      { type: 'text' as const, text: 'a' },
    ]
    expect(typedProblem(two, empty, [], bounds)).toEqual({ type: 'invalid', issues })
  })

  it('has a word in it, or something else', () => {
    const nothing = { type: 'invalid', issues: [{ param: 'content', code: 'empty' }] }
    for (const content of [' \n', [{ type: 'text' as const, text: ' ' }]]) {
      expect(typedProblem(content, empty, [], bounds)).toMatchObject(nothing)
    }
    expect(typedProblem([{ type: 'text', text: ' ' }, picture(1)], empty, [], bounds)).toBeUndefined()
  })

  it('fits with all that was said, asked, attached and typed before, in text', () => {
    const long = 'b'.repeat(1500)
    const said = withAttached(withWords(beginHistory([{ role: 'user', content: long }]), long), 'c'.repeat(500))
    expect(typedProblem('a'.repeat(1300), said, [], bounds)).toBeUndefined()
    expect(typedProblem('a'.repeat(1300), said, ['d'.repeat(300)], bounds)).toMatchObject({ code: 'history_too_long' })
    // In bytes, and not in characters.
    expect(typedProblem('ä'.repeat(1000), said, [], bounds)).toMatchObject({ code: 'history_too_long' })
  })

  it('fits in pictures, and in messages', () => {
    const shown = withAttached(empty, [picture(400)])
    expect(typedProblem([picture(200)], shown, [], bounds)).toBeUndefined()
    expect(typedProblem([picture(201)], shown, [], bounds)).toMatchObject({ code: 'history_too_long' })
    const many = beginHistory(Array.from({ length: 9 }, () => ({ role: 'user' as const, content: 'x' })))
    expect(typedProblem('y', many, [], bounds)).toMatchObject({ code: 'history_too_long' })
  })
})

describe('how long a history is', () => {
  it('is measured once for each message', () => {
    let looked = 0
    const block = {
      type: 'text',
      get text() {
        looked++
        return 'hello'
      },
    }
    const first = sizeOf([block])
    expect(first.textBytes).toBe('text'.length + 'hello'.length)
    expect(sizeOf([block, block])).toEqual({ textBytes: 2 * first.textBytes, base64Bytes: 0 })
    expect(looked).toBe(1)
  })
})

describe('a question that the model cannot be asked with', () => {
  it('stays with what happened, and is asked no more', () => {
    const before = beginHistory([{ role: 'user', content: 'Hello.' }])
    const asked = withWords(before, 'Read this.', [[picture(1)]])
    const after = refused(asked)
    expect(after.played).toEqual(before.played)
    expect(JSON.stringify(happenedIn(asked, []))).toContain('Read this.')
    expect(JSON.stringify(requestOf(withWords(after, 'And now?')))).not.toContain('Read this.')
  })
})

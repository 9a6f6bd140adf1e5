import { describe, expect, it } from 'vitest'
import type { ContentBlockParam, MessageParam } from '../../api/schemas.gen.ts'
import { strandedPictures, withPicturesMoved } from '../../providers/pictures.ts'

const picture: ContentBlockParam = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } }
const text = (value: string): ContentBlockParam => ({ type: 'text', text: value })
const result: ContentBlockParam = { type: 'tool_result', tool_use_id: 'a', content: 'x' }
const user = (...content: ContentBlockParam[]): MessageParam => ({ role: 'user', content })
const assistant = (...content: ContentBlockParam[]): MessageParam => ({ role: 'assistant', content })
const one = text('The picture of your last answer:')

describe('pictures of the assistant', () => {
  it('stand at the beginning of the next turn of the user, behind results', () => {
    expect(withPicturesMoved([user(text('a')), assistant(text('b'), picture), user(text('c'))])).toEqual([
      user(text('a')),
      assistant(text('b')),
      user(one, picture, text('c')),
    ])
    expect(withPicturesMoved([user(text('a')), assistant(picture), user(result, text('c'))])).toEqual([
      user(text('a')),
      user(result, one, picture, text('c')),
    ])
    expect(withPicturesMoved([user(text('a')), assistant(picture), { role: 'user', content: 'c' }])).toEqual([
      user(text('a')),
      user(one, picture, text('c')),
    ])
  })

  it('of several turns come together', () => {
    const moved = withPicturesMoved([user(text('a')), assistant(picture, picture), assistant(picture), user(text('b'))])
    expect(moved.at(-1)).toEqual(user(text('The pictures of your last answer:'), picture, picture, picture, text('b')))
  })

  it('are left out where no turn of the user follows, which is told', () => {
    const messages = [user(text('a')), assistant(text('b'), picture)]
    expect(withPicturesMoved(messages)).toEqual([user(text('a')), assistant(text('b'))])
    expect(strandedPictures(messages)).toMatchObject([{ param: 'messages[1].content[1].type', code: 'dropped' }])
    expect(strandedPictures([...messages, user(text('c'))])).toEqual([])
  })

  it('stay where they may, and nothing is changed where there are none', () => {
    const messages = [user(picture), assistant(picture), user(text('c'))]
    expect(withPicturesMoved(messages, () => true)).toBe(messages)
    expect(withPicturesMoved([messages[0] ?? user()])).toHaveLength(1)
  })

  it('are moved in time that grows with the conversation', { timeout: 20_000 }, () => {
    const many = Array.from({ length: 9_000 }, () => assistant(picture))
    expect(withPicturesMoved([user(text('a')), ...many, user(text('b'))]).at(-1)?.content).toHaveLength(9_002)
  })
})

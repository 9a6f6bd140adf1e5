import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { MessageParam } from '@vai/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { load, save } from '../../../cli/chat/files.ts'
import { readSaved, textOfSaved } from '../../../cli/chat/saved.ts'

const messages: MessageParam[] = [
  { role: 'user', content: 'What does the page say?' },
  { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'read', input: { url: 'x' } }] },
  { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: 'Hello.' }] },
  { role: 'assistant', content: [{ type: 'text', text: 'Hello.' }] },
]

describe('a saved conversation', () => {
  it('is read as it was written', () => {
    const saved = { model: 'demo/echo', system: 'Be brief.', messages }
    expect(readSaved(textOfSaved(saved))).toEqual({ saved: { system: 'Be brief.', messages } })
    expect(readSaved(JSON.stringify(messages))).toEqual({ saved: { messages } })
  })

  it.each([
    ['{"messages": [', 'it is not JSON'],
    ['['.repeat(100_000), 'it is not JSON'],
    ['"hello"', 'an object with messages'],
    ['{}', 'messages: the field is required'],
    ['[]', 'messages: must not be empty'],
    ['{"messages": {}}', 'messages: an array is expected'],
    ['[{"role": "robot", "content": "a"}]', 'messages[0].role: '],
    ['[{"role": "assistant", "content": "a"}]', "messages[0].role: the first message is the user's"],
    ['[{"role": "user", "content": [{"type": "txt", "text": "a"}]}]', 'did you mean "text"?'],
    ['[{"role": "user", "content": [{"type": "text", "txt": "a"}]}]', 'messages[0].content[0].'],
    ['[{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a"}]}]', 'no earlier tool_use has the id "a"'],
    [JSON.stringify(messages.slice(0, 2)), 'messages[1]: the call "a" has no result in the next message'],
    [JSON.stringify({ messages, system: [{ type: 'text', text: 'a' }] }), 'system: a text is expected'],
    [JSON.stringify({ messages, max_tokens: 3 }), 'max_tokens: only model, system and messages are taken'],
  ])('%.60s is refused with what is wrong', (text, words) => {
    const read = readSaved(text)
    expect('problems' in read && read.problems.join('\n')).toContain(words)
  })
})

describe('files', () => {
  let folder: string
  const file = (name: string): string => join(folder, name)
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'vai-chat-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it("hold a conversation, which is nobody else's to read", async () => {
    await save(file('a.json'), { model: 'demo/echo', messages })
    expect(await load(file('a.json'))).toEqual({ messages })
    expect(statSync(file('a.json')).mode & 0o777).toBe(0o600)
    await save(file('a.json'), { messages: messages.slice(0, 1) })
    expect((await load(file('a.json'))).messages).toHaveLength(1)
  })

  it('that are something else are not written over', async () => {
    writeFileSync(file('notes.txt'), 'my notes')
    await expect(save(file('notes.txt'), { messages })).rejects.toThrow('is there and is no conversation')
    expect(readFileSync(file('notes.txt'), 'utf8')).toBe('my notes')
  })

  it.each([
    ['missing.json', 'cannot be read (ENOENT)'],
    ['folder', 'is not a regular file'],
    ['large.json', 'is too large'],
    ['zero', 'is not a regular file'],
    ['text.json', 'is no conversation: it is not JSON'],
    ['two.json', '(and 1 more)'],
  ])('%s cannot be loaded, and it is said why', async (name, words) => {
    if (name === 'folder') mkdirSync(file(name))
    if (name === 'zero') symlinkSync('/dev/zero', file(name))
    if (name === 'text.json') writeFileSync(file(name), 'Hello')
    if (name === 'two.json') writeFileSync(file(name), '[{"role": "user", "content": 1}, {"role": "x", "content": "a"}]')
    if (name === 'large.json') {
      writeFileSync(file(name), '')
      truncateSync(file(name), 65 * 1024 * 1024)
    }
    await expect(load(file(name))).rejects.toThrow(words)
  })

  it('that cannot be written are told', async () => {
    await expect(save(file('none/a.json'), { messages })).rejects.toThrow('cannot be written (ENOENT)')
  })
})

import { describe, expect, it } from 'vitest'
import { voiceIssues, withoutVoice } from '../../../plugins/messages/voiceless.ts'

/** What a model reads of a request with voice: the parsed body and its bytes, which have to say the same. */

function without(text: string, heard: Readonly<Record<string, string>> = {}): { json: string; isSame: boolean } {
  const given = { body: JSON.parse(text) as unknown, json: Buffer.from(text) }
  const left = withoutVoice(given, new Map(Object.entries(heard)))
  expect(left.body).toEqual(JSON.parse(left.json.toString()))
  return { json: left.json.toString(), isSame: left === given }
}

const source = '{"type":"base64","media_type":"audio/wav","data":"UklGRg=="}'
const stt = `{"type":"audio_stt","source":${source}}`
const spoken = `{"type":"audio","source":${source},"transcript":"Hello, you."}`

describe('withoutVoice', () => {
  it.each([
    ['a request without voice', '{ "model":"m", "messages":[{"role":"user","content":"Hi"}] }'],
    ['blocks that the model hears itself', `{"messages":[{"role":"user","content":[{"type":"audio","source":${source}}]}]}`],
    ['what is no object', '[1]'],
    ['what has no messages', '{"messages":"none"}'],
    ['messages and blocks of other types', '{"messages":[1,null,{"content":[null,1,"audio",{"type":"audio"}]}]}'],
  ])('gives back the same object: %s', (_, text) => {
    expect(without(text)).toEqual({ json: text, isSame: true })
  })

  it('leaves the fields of voice out, wherever they stand', () => {
    const text = '{"voice":{"output":{"voice":"demo/soft"}}, "model" : "m","stt_model":"a/b","x":[1, 2],"tts_model":null}'
    expect(without(text).json).toBe('{"model" : "m","x":[1, 2]}')
    expect(without('{"voice":null}').json).toBe('{}')
  })

  it('puts what was heard in the place of each block, and keeps its neighbours byte for byte', () => {
    const text = `{"messages": [ {"role":"user","content":[ {"type":"text","text":"\\u0041"} ,${stt}, {"b":1e2,"a":[ ]} ,${stt}]} ,{"content":"1 ","role":"user"}],"n":1.50}`
    const heard = { 'messages[0].content[1]': 'One "two"\n', 'messages[0].content[3]': 'é' }
    expect(without(text, heard).json).toBe(
      '{"messages": [{"role":"user","content":[{"type":"text","text":"\\u0041"},{"type":"text","text":"One \\"two\\"\\n"},{"b":1e2,"a":[ ]},{"type":"text","text":"é"}]},{"content":"1 ","role":"user"}],"n":1.50}',
    )
  })

  it('leaves blocks alone that were not heard', () => {
    const text = `{"messages":[{"role":"user","content":[${stt},${stt}]}]}`
    const { json } = without(text, { 'messages[0].content[1]': 'Two' })
    expect(json).toBe(`{"messages":[{"role":"user","content":[${stt},{"type":"text","text":"Two"}]}]}`)
  })

  it('passes over what was spoken where its text stands beside it, and else lets the transcript stand for it', () => {
    const written = `{"messages":[{"role":"assistant","content":[{"type":"text","text":"Hello, you."},${spoken}]}]}`
    expect(without(written).json).toBe('{"messages":[{"role":"assistant","content":[{"type":"text","text":"Hello, you."}]}]}')
    const alone = `{"messages":[{"role":"assistant","content":[${spoken}]}]}`
    expect(without(alone).json).toBe('{"messages":[{"role":"assistant","content":[{"type":"text","text":"Hello, you."}]}]}')
  })

  it("does not take a user's sound for something spoken, nor an answer's without a transcript", () => {
    for (const text of [
      `{"messages":[{"role":"user","content":[${spoken}]}]}`,
      `{"messages":[{"role":"assistant","content":[{"type":"audio","source":${source}}]}]}`,
      `{"messages":[{"role":"assistant","content":[{"type":"audio","source":${source},"transcript":null}]}]}`,
    ]) {
      expect(without(text)).toEqual({ json: text, isSame: true })
    }
  })

  it('changes several messages and the fields at once', () => {
    const text = `{"voice":{},"messages":[{"content":[${stt}],"role":"user"},{"role":"assistant","content":[${spoken},{"type":"tool_use","id":"a","name":"n","input":{"x":0.10}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"1"},${stt}]}]}`
    const heard = { 'messages[0].content[0]': 'a', 'messages[2].content[1]': 'b' }
    expect(without(text, heard).json).toBe(
      '{"messages":[{"content":[{"type":"text","text":"a"}],"role":"user"},{"role":"assistant","content":[{"type":"text","text":"Hello, you."},{"type":"tool_use","id":"a","name":"n","input":{"x":0.10}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"1"},{"type":"text","text":"b"}]}]}',
    )
  })
})

describe('voiceIssues', () => {
  it('names every part of voice where there is none', () => {
    const body = JSON.parse(
      `{"voice":{},"stt_model":"a","tts_model":"b","messages":[{"role":"user","content":[${stt}]},{"role":"assistant","content":[${spoken}]}]}`,
    )
    expect(voiceIssues(body).map(({ param, code }) => [param, code])).toEqual([
      ['voice', 'unsupported_parameter'],
      ['stt_model', 'unsupported_parameter'],
      ['tts_model', 'unsupported_parameter'],
      ['messages[0].content[0].type', 'unsupported_block'],
    ])
  })

  it.each([[undefined], [null], ['voice'], [[]], [{}], [{ messages: [{ role: 'user', content: 'Hi' }] }]])(
    'finds nothing in %j',
    (body) => {
      expect(voiceIssues(body)).toEqual([])
    },
  )
})

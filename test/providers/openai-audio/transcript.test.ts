import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../../api/secret.ts'
import { RealtimeTranscript } from '../../../providers/openai-audio/realtime-transcript.ts'
import type { SttEvent } from '../../../providers/speech.ts'
import { isObject } from '../../upstreams/json.ts'
import { fixturesDir } from '../../upstreams/replay.ts'

const source = { id: 'openai', name: 'OpenAI', apiKey: new Secret('sk-test-0123456789') }
const heard = 'conversation.item.input_audio_transcription'

function committed(item_id: string): object {
  return { type: 'input_audio_buffer.committed', item_id }
}

function stopped(item_id: string): object {
  return { type: 'input_audio_buffer.speech_stopped', item_id }
}

function delta(item_id: string, text: string): object {
  return { type: `${heard}.delta`, item_id, delta: text }
}

function completed(item_id: string, transcript: string, usage?: object): object {
  return { type: `${heard}.completed`, item_id, transcript, ...(usage && { usage }) }
}

function feed(transcript: RealtimeTranscript, ...messages: readonly object[]): SttEvent[] {
  return messages.flatMap((message) => [...transcript.feed(message)])
}

describe('what a socket tells', () => {
  it('grows, and then stands', () => {
    const transcript = new RealtimeTranscript(source, true)
    const events = feed(
      transcript,
      { type: 'input_audio_buffer.speech_started', item_id: 'a', audio_start_ms: 640 },
      stopped('a'),
      committed('a'),
      delta('a', 'Good'),
      delta('a', ' day'),
      completed('a', 'Good day.', { type: 'duration', seconds: 2 }),
    )
    expect(events).toEqual([
      { type: 'speech-start', atMs: 640 },
      { type: 'partial', text: 'Good' },
      { type: 'partial', text: 'Good day' },
      { type: 'final', text: 'Good day.' },
      { type: 'turn-end', text: 'Good day.' },
    ])
    expect([transcript.isOwed, transcript.seconds]).toEqual([false, 2])
  })

  it('comes in the order of the commits, whichever is done first', () => {
    const transcript = new RealtimeTranscript(source, true)
    const events = feed(
      transcript,
      ...[stopped('a'), committed('a'), stopped('b'), committed('b')],
      delta('b', 'And'),
      completed('b', 'And two.'),
      delta('a', 'One'),
      completed('a', 'One.'),
    )
    expect(events.map((event) => [event.type, 'text' in event ? event.text : ''])).toEqual([
      ['partial', 'One'],
      ['final', 'One.'],
      ['turn-end', 'One.'],
      ['final', ' And two.'],
      ['turn-end', 'And two.'],
    ])
  })

  it('has a space between stretches, but for scripts without', () => {
    const transcript = new RealtimeTranscript(source, false)
    const texts = ['你好。', '今天很好。', 'Good.', 'Day.'].flatMap((text, index) => {
      const item = `item_${index}`
      return feed(transcript, committed(item), completed(item, text)).map((event) => ('text' in event ? event.text : ''))
    })
    expect(texts.join('')).toBe('你好。今天很好。Good. Day.')
  })

  it('answers a flush, also where there was nothing to tell', () => {
    const transcript = new RealtimeTranscript(source, true)
    transcript.commit('flush')
    transcript.commit('flush')
    transcript.commit('end')
    expect(feed(transcript, committed('a'), completed('a', ''))).toEqual([{ type: 'final', text: '', flushed: true }])
    const tooSmall = { type: 'error', error: { message: 'Error committing input audio buffer: buffer too small.' } }
    expect(feed(transcript, tooSmall)).toEqual([{ type: 'final', text: '', flushed: true }])
    const isEmpty = { type: 'error', error: { code: 'input_audio_buffer_commit_empty', message: 'empty' } }
    expect([feed(transcript, isEmpty), transcript.isOwed]).toEqual([[], false])
  })

  it('tells a turn that the vendor ended from what was committed here', () => {
    const transcript = new RealtimeTranscript(source, true)
    transcript.commit('flush')
    const events = feed(
      transcript,
      ...[stopped('a'), committed('a'), committed('b'), completed('a', 'Yes.'), completed('b', 'No.')],
    )
    expect(events).toEqual([
      { type: 'final', text: 'Yes.' },
      { type: 'turn-end', text: 'Yes.' },
      { type: 'final', text: ' No.', flushed: true },
    ])
  })

  it('is not said twice, and what comes too late is passed over', () => {
    const transcript = new RealtimeTranscript(source, false)
    feed(transcript, committed('a'), completed('a', 'Once.'))
    expect(feed(transcript, delta('a', 'Once'), completed('a', 'Once.'), { type: 'rate_limits.updated' })).toEqual([])
    expect(transcript.isOwed).toBe(false)
  })

  it.each([
    [
      'a failed transcription',
      { type: `${heard}.failed`, item_id: 'a', error: { code: 'server_error', message: 'no luck' } },
      'no luck',
    ],
    ['an error', { type: 'error', error: { type: 'invalid_request_error', message: 'not like this' } }, 'not like this'],
    ['no event', { hello: true }, 'no event'],
    ['far too many letters', delta('a', 'x'.repeat(300_000)), 'more than'],
  ])('fails at %s', (_, message, words) => {
    expect(() => feed(new RealtimeTranscript(source, false), committed('a'), message)).toThrow(words)
  })

  it('fails where more and more is committed and nothing is done', () => {
    const transcript = new RealtimeTranscript(source, false)
    const all = Array.from({ length: 300 }, (_, index) => committed(`item_${index}`))
    expect(() => feed(transcript, ...all)).toThrow('are not transcribed')
  })
})

it('a recorded session is read', async ({ skip }) => {
  const folder = fixturesDir()
  if (folder === undefined) return skip('the recorded traffic is not there')
  const lines = (await readFile(resolve(folder, 'audio/openai/realtime-audio-vad.jsonl'), 'utf8')).trim().split('\n')
  const received = lines.map((line): unknown => JSON.parse(line)).filter((entry) => isObject(entry) && entry.dir === 'recv')
  const transcript = new RealtimeTranscript(source, true)
  const events = received.flatMap((entry) => [...transcript.feed(isObject(entry) ? entry.msg : undefined)])
  expect(events[0]).toEqual({ type: 'speech-start', atMs: 1460 })
  expect(events.filter(({ type }) => type !== 'partial').slice(1)).toEqual([
    { type: 'final', text: 'Hello, my name is Marcelo.' },
    { type: 'turn-end', text: 'Hello, my name is Marcelo.' },
  ])
  expect([transcript.seconds, transcript.isOwed]).toEqual([3, false])
})

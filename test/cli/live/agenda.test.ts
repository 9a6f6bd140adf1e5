import { describe, expect, it } from 'vitest'
import type { LiveServerMessage } from '../../../api/schemas.gen.ts'
import { LinesAgenda, RecordingsAgenda } from '../../../cli/live/agenda.ts'
import { Turns } from '../../../cli/live/turns.ts'
import { ManualClock } from '../../manual-clock.ts'

function stage() {
  const clock = new ManualClock()
  const turns = new Turns()
  const ends: (string | undefined)[] = []
  return { clock, turns, ends, parts: { clock, turns, onOver: (problem?: string) => void ends.push(problem) } }
}

const state = (name: 'listening' | 'thinking' | 'speaking'): LiveServerMessage => ({
  type: 'turn_state',
  seq: 1,
  state: name,
  turn_id: null,
})
const heard = (id: string): LiveServerMessage => ({
  type: 'transcript_delta',
  seq: 1,
  utterance_id: id,
  is_final: false,
  text: 'hello',
  timestamp_ms: 1,
})
const final = (id: string): LiveServerMessage => ({ type: 'utterance_final', seq: 1, utterance_id: id, text: 'hello', end_ms: 1 })
const complete = (stop_reason = 'end_turn'): LiveServerMessage => ({
  type: 'turn_complete',
  seq: 1,
  turn_id: 'turn_1',
  stop_reason,
  played_text: '',
  append: [],
})
const cancelled = (reason: string): LiveServerMessage => ({ type: 'turn_cancelled', seq: 1, turn_id: 'turn_1', reason })
const refused: LiveServerMessage = {
  type: 'error',
  seq: 1,
  scope: 'session',
  error_type: 'invalid_request_error',
  code: 'invalid_message',
  message: 'no',
  retryable: false,
  close: false,
}

describe('recordings', () => {
  function playing(names: readonly string[] = ['a.wav', 'b.wav']) {
    const all = stage()
    const played: number[] = []
    const agenda = new RecordingsAgenda(names, (index) => void played.push(index), all.parts)
    const happens = (...messages: LiveServerMessage[]): void => {
      for (const message of messages) {
        all.turns.message(message)
        agenda.happened(message)
      }
    }
    agenda.open()
    return { ...all, agenda, played, happens }
  }

  it('are played one after the other, each once the one before was answered', () => {
    const { agenda, played, ends, happens } = playing()
    agenda.open()
    expect(played).toEqual([0])
    agenda.played()
    happens(heard('utterance_1'), final('utterance_1'), state('thinking'), state('speaking'))
    expect(played).toEqual([0])
    happens(complete(), state('listening'))
    expect(played).toEqual([0, 1])
    agenda.played()
    happens(heard('utterance_2'), final('utterance_2'), state('thinking'), complete())
    expect(ends).toEqual([undefined])
  })

  it('wait for the answer to what was said last, where the ones before were broken off by it', () => {
    const { agenda, played, happens, clock } = playing()
    happens(heard('utterance_1'), final('utterance_1'), state('thinking'), state('speaking'))
    agenda.played()
    happens(heard('utterance_2'), complete('barge_in'), final('utterance_2'))
    happens(state('thinking'), cancelled('grace'), heard('utterance_3'))
    expect(played).toEqual([0])
    happens(complete())
    expect(played).toEqual([0])
    happens(final('utterance_3'), state('thinking'), complete(), state('listening'))
    expect(played).toEqual([0, 1])
    clock.advance(7000)
    expect(played).toEqual([0, 1])
  })

  it('are over after a while where the answer came before their end', () => {
    const { agenda, ends, happens, clock } = playing(['a.wav'])
    happens(heard('utterance_1'), final('utterance_1'), state('thinking'), complete(), state('listening'))
    agenda.played()
    expect(ends).toEqual([])
    clock.advance(8000)
    expect(ends).toEqual([undefined])
  })

  it('wait as long as anything happens, or somebody thinks', () => {
    const { agenda, ends, happens, clock } = playing(['a.wav'])
    agenda.played()
    clock.advance(7000)
    happens(heard('utterance_1'), final('utterance_1'), state('thinking'))
    clock.advance(60_000)
    expect(ends).toEqual([])
    happens(complete())
    expect(ends).toEqual([undefined])
    expect(clock.waiting).toBe(0)
  })

  it('say which of them nothing was answered to', () => {
    const { agenda, ends, happens, clock } = playing(['a.wav'])
    agenda.played()
    happens(heard('utterance_1'))
    clock.advance(8000)
    expect(ends).toEqual(['Nothing was answered to a.wav: nothing in it was understood.'])
  })
})

describe('lines', () => {
  function typing(isOpen = true) {
    const all = stage()
    const said: string[] = []
    const line = { isOpen }
    const agenda = new LinesAgenda((text) => {
      if (line.isOpen) said.push(text)
      return line.isOpen
    }, all.parts)
    return { ...all, agenda, said, line }
  }

  it('are sent one after the other, each once the one before was answered, and then it is over', () => {
    const { agenda, said, ends } = typing()
    agenda.line('one')
    expect(said).toEqual([])
    agenda.open()
    agenda.line('two')
    agenda.end()
    expect(said).toEqual(['one'])
    agenda.happened(state('thinking'))
    agenda.happened(complete())
    expect(said).toEqual(['one', 'two'])
    expect(ends).toEqual([])
    agenda.happened(cancelled('cancelled'))
    expect(ends).toEqual([undefined])
  })

  it('go on after one that was refused', () => {
    const { agenda, said } = typing()
    agenda.open()
    for (const text of ['one', 'two']) agenda.line(text)
    agenda.happened(refused)
    expect(said).toEqual(['one', 'two'])
  })

  it('wait for the line to be there again', () => {
    const { agenda, said, line } = typing(false)
    agenda.open()
    agenda.line('one')
    expect(said).toEqual([])
    line.isOpen = true
    agenda.open()
    expect(said).toEqual(['one'])
  })
})

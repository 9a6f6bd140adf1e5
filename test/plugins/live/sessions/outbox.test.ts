import { describe, expect, it } from 'vitest'
import type { LiveServerMessage } from '../../../../api/schemas.gen.ts'
import { Outbox } from '../../../../plugins/live/sessions/outbox.ts'
import { toldLimits } from '../told-limits.ts'

const text = (seq: number, text = 'x'): LiveServerMessage => ({ type: 'assistant_text_delta', seq, turn_id: 'turn_1', text })

const ack = (seq: number): LiveServerMessage => ({
  type: 'hello_ack',
  seq,
  session_id: 's',
  resume_token: 'secret',
  protocol_version: '1',
  is_resumed: false,
  audio_out: { encoding: 'pcm_s16le', sample_rate_hz: 24_000 },
  features: {},
  limits: toldLimits,
})

const seqs = (messages: readonly LiveServerMessage[]): number[] => messages.map(({ seq }) => seq)

describe('what a client was sent', () => {
  it('is had again after what it has', () => {
    const outbox = new Outbox()
    for (let seq = 1; seq <= 5; seq++) outbox.sent(text(seq))
    expect(seqs(outbox.after(0))).toEqual([1, 2, 3, 4, 5])
    expect(seqs(outbox.after(3))).toEqual([4, 5])
    expect(seqs(outbox.after(5))).toEqual([])
  })

  it('is had again without sound and without tokens, which have their numbers all the same', () => {
    const outbox = new Outbox()
    outbox.sent(ack(1))
    outbox.sent(text(2))
    outbox.soundSent(3)
    outbox.sent(text(4))
    outbox.soundSent(5)
    expect(seqs(outbox.after(0))).toEqual([2, 4])
    expect(seqs(outbox.after(5))).toEqual([])
    expect(outbox.lastSeq).toBe(5)
  })

  it('cannot be had again from the future', () => {
    const outbox = new Outbox()
    outbox.sent(text(1))
    expect(() => outbox.after(2)).toThrow(expect.objectContaining({ code: 'invalid_request', param: 'resume.last_server_seq' }))
  })

  it.each<[string, ConstructorParameters<typeof Outbox>[0]]>([
    ['many', { messages: 3, bytes: 1024 ** 2 }],
    ['large', { messages: 100, bytes: 7000 }],
  ])('goes where it is too %s, the oldest first, and whoever needs it is told so', (_, limits) => {
    const outbox = new Outbox(limits)
    for (let seq = 1; seq <= 10; seq++) outbox.sent(text(seq, 'x'.repeat(1000)))
    expect(seqs(outbox.after(7))).toEqual([8, 9, 10])
    expect(() => outbox.after(6)).toThrow(expect.objectContaining({ code: 'resume_too_old', param: 'resume.last_server_seq' }))
  })

  it('is not kept where it alone is too large', () => {
    const outbox = new Outbox({ messages: 10, bytes: 1000 })
    outbox.sent(text(1, 'x'.repeat(1000)))
    expect(() => outbox.after(0)).toThrow(expect.objectContaining({ code: 'resume_too_old' }))
    expect(outbox.after(1)).toEqual([])
  })

  it('is let go once it was received', () => {
    const outbox = new Outbox()
    for (let seq = 1; seq <= 4; seq++) outbox.sent(text(seq))
    outbox.received(2)
    outbox.received(1)
    expect(seqs(outbox.after(2))).toEqual([3, 4])
    expect(() => outbox.after(1)).toThrow(expect.objectContaining({ code: 'resume_too_old' }))
  })
})

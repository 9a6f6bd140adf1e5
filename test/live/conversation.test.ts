import { afterEach, describe, expect, it } from 'vitest'
import type { SocketConnection } from '../upstreams/sockets.ts'
import { hold } from '../voice/hold.ts'
import type { ModelKind } from './models.ts'
import { clientTool, type Stage, startStage } from './stage.ts'

let stage: Stage
afterEach(async () => {
  await stage.close()
})

const picture = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=='

const longAnswer =
  'This is a long answer, of which the first half is heard before, and the second half after the line was broken.'

/** There is no mark for errors, and text comes before calls. */
function asOpenAiHasIt(line: string): string {
  return line.replace('result: The tool took', 'result: Error: The tool took')
}

function swap(lines: string[], one: string, other: string): void {
  const [at, next] = [lines.indexOf(one), lines.indexOf(other)]
  lines[at] = other
  lines[next] = one
}

/**
 * A conversation in which everything happens that can: the user goes on after a pause, interrupts while the assistant thinks, speaks, and is
 * nearly done; tools of the gateway and of the client are called, and one that answers too late; the engine that hears is lost in the middle
 * of words, the voice stalls, the line breaks.
 */
async function wholeConversation(model: ModelKind): Promise<void> {
  const thinking = hold()
  let deaf: ((connection: SocketConnection) => boolean) | undefined
  let stalls = false
  stage = await startStage({
    model,
    answers: [
      // 1: gone on with in the time of grace, and asked again.
      { say: 'Which city do you mean by that?' },
      { say: 'In Berlin it is noon.' },
      // 2: interrupted while it thinks.
      { say: 'This is never said.', after: thinking.released },
      { say: 'All right, I am listening.' },
      // 3: a tool of the client's.
      { calls: [{ name: 'look_up', input: { day: 'tomorrow' } }] },
      { say: 'You have two meetings tomorrow. The first one is at nine in the morning, the other one is in the afternoon.' },
      // 4: interrupted while it speaks.
      { say: 'They meet in the large room. Bring the papers with you, and do not be late again.' },
      // 5: interrupted in the tail; a picture.
      { say: 'I see a dot.' },
      // 6: a tool that answers too late.
      { say: 'One moment please.', calls: [{ name: 'slow_tool', input: {} }] },
      { say: 'That took too long.' },
      // 7: the engine that hears is lost.
      { say: 'I heard every word of it.' },
      // 8: the voice stalls.
      { say: 'The first sentence is said. The second one has to be said once more.' },
      // 9: the line breaks.
      { say: longAnswer },
      // 10.
      { say: 'Goodbye.' },
    ],
    hears: { disturb: (connection) => deaf?.(connection) ?? false },
    sonic: {
      fault: () => {
        const fault = stalls ? ('stalls' as const) : undefined
        stalls = false
        return fault
      },
    },
  })
  const talk = await stage.talk({
    turn: { grace_ms: 1500 },
    tools: {
      client_tools: [clientTool('look_up', { read_only: true }), clientTool('slow_tool')],
      timeout_ms: 3000,
      filler: { texts: ['Let me see.', 'I am on it.'], after_ms: 800 },
    },
  })
  const { player, time } = talk
  const { client } = talk

  // 1. Grace: what is said within its time belongs to the same message, once.
  await talk.says('What time is it?')
  await talk.told('utterance_final', 1)
  await talk.says('In Berlin, I mean.')
  expect(await talk.turnOver(1)).toMatchObject({ type: 'turn_cancelled', reason: 'grace', append: [] })
  expect(await talk.turnOver(2)).toMatchObject({ type: 'turn_complete', played_text: 'In Berlin it is noon.' })
  expect(stage.model.asked[1]).toEqual(['user: What time is it? In Berlin, I mean.'])

  // 2. Barge-in while it thinks, when grace is over: nothing was heard, and the question stays.
  await talk.says('Tell me a story.')
  await talk.told('utterance_final', 3)
  await time.run(2000)
  await talk.says('No, wait, never mind that.')
  thinking.release()
  expect(await talk.turnOver(3)).toMatchObject({ type: 'turn_cancelled', reason: 'barge_in' })
  expect(await talk.turnOver(4)).toMatchObject({ played_text: 'All right, I am listening.' })

  // 3. A tool of the client's, for which something is said in the meantime; and 4: it is interrupted while it speaks.
  await talk.says('What is on tomorrow?')
  const call = await talk.told('tool_call')
  expect(call).toMatchObject({ name: 'look_up', input: { day: 'tomorrow' } })
  await talk.heard('Let me see.')
  client.send({ type: 'tool_result', tool_use_id: call.tool_use_id, content: 'Two meetings, at 9 and at 15.' })
  await talk.heard('at nine in')
  await talk.says('And where do they meet?')
  const spoken = await talk.turnOver(5)
  expect(spoken).toMatchObject({ type: 'turn_complete', stop_reason: 'barge_in' })
  const spokenText = spoken.type === 'turn_complete' ? spoken.played_text.trim() : ''
  expect(player.textOf(spoken.turn_id)).toBe(spokenText)

  // 5. Interrupted in the tail: all was given out long ago, and not all is played.
  await talk.heard('with you, and do not be')
  const [last] = client.of('assistant_audio_end').slice(-1)
  expect(last?.assistant_audio_id).toBe(player.current?.id)
  client.send({
    type: 'input_text',
    commit: false,
    content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: picture } }],
  })
  client.send({ type: 'input_text', content: 'What is in this picture?' })
  const tail = await talk.turnOver(6)
  const tailText = tail.type === 'turn_complete' ? tail.played_text.trim() : ''
  expect(tailText).toMatch(/^They meet in the large room\. Bring the papers with you, and do not be( late)?/)
  expect(player.textOf(tail.turn_id)).toBe(tailText)
  expect(await talk.turnOver(7)).toMatchObject({ played_text: 'I see a dot.' })

  // 6. A tool that answers too late.
  await talk.says('Start the slow machine.')
  const late = await talk.told('tool_call', 2)
  await time.until(() => client.of('warning').some(({ code }) => code === 'tool_timeout'))
  client.send({ type: 'tool_result', tool_use_id: late.tool_use_id, content: 'done' })
  await time.until(() => client.of('error').some(({ code }) => code === 'unknown_tool_use'))
  await talk.turnOver(8)

  // 7. The engine that hears is lost in the middle of the words.
  talk.person.say('Please remember every single word that I am saying to you now.')
  await time.run(1700)
  deaf = (connection) => {
    deaf = undefined
    connection.drop()
    return true
  }
  await time.until(() => !talk.person.isSpeaking)
  await talk.turnOver(9)
  expect(client.of('warning').map(({ code }) => code)).toContain('stt_reconnecting')

  // 8. The voice stalls in its second sentence.
  await talk.says('Say two sentences to me.')
  stalls = true
  expect(await talk.turnOver(10)).toMatchObject({
    played_text: 'The first sentence is said. The second one has to be said once more.',
  })

  // 9. The line breaks, and the client comes back.
  await talk.says('Now a long answer please.')
  await talk.heard('first half')
  stage.network.drop()
  await time.until(() => client.closed !== undefined)
  await time.run(3000)
  await talk.comeBack()
  const broken = await talk.turnOver(11)
  expect(broken).toMatchObject({ type: 'turn_complete', stop_reason: 'end_turn' })

  // 10.
  await talk.says('Thank you and goodbye.')
  await talk.turnOver(12)

  const heardAll = 'result: The user heard all of it.'
  const expected = [
    'user: What time is it? In Berlin, I mean.',
    'says: In Berlin it is noon.',
    heardAll,
    'user: Tell me a story.',
    'user: No, wait, never mind that.',
    'says: All right, I am listening.',
    heardAll,
    'user: What is on tomorrow?',
    'assistant: Let me see.',
    'calls look_up {"day":"tomorrow"}',
    'result: Two meetings, at 9 and at 15.',
    `says: ${spokenText.replace('Let me see. ', '')}`,
    'result: The user interrupted, and heard no more than this.',
    'user: And where do they meet?',
    `says: ${tailText}`,
    'result: The user interrupted, and heard no more than this.',
    'user [image]',
    'user: What is in this picture?',
    'says: I see a dot.',
    heardAll,
    'user: Start the slow machine.',
    'says: One moment please.',
    'assistant: I am on it.',
    'calls slow_tool {}',
    heardAll,
    'result: The tool took too long and was stopped.',
    'says: That took too long.',
    heardAll,
    'user: Please remember every single word that I am saying to you now.',
    'says: I heard every word of it.',
    heardAll,
    'user: Say two sentences to me.',
    'says: The first sentence is said. The second one has to be said once more.',
    heardAll,
    'user: Now a long answer please.',
    `says: ${longAnswer}`,
    heardAll,
    'user: Thank you and goodbye.',
    'says: Goodbye.',
    heardAll,
  ]
  expect(talk.transcript).toEqual(expected)
  // Each time the model is asked, it sees what was played so far, and in the middle of a turn what came of its calls besides.
  const sent = expected.map((line) => (model === 'openai' ? asOpenAiHasIt(line) : line))
  if (model === 'openai') swap(sent, 'says: One moment please.', 'assistant: I am on it.')
  const asked = stage.model.asked.filter((lines) => lines.at(-1)?.startsWith('user: '))
  expect(asked).toHaveLength(12)
  for (const lines of asked.slice(1)) expect(lines).toEqual(sent.slice(0, lines.length))
  expect(asked.at(-1)).toEqual(sent.slice(0, -2))
  expect(await stage.leftovers()).toEqual([])
}

describe('ten turns in which everything happens', () => {
  it.each(['openai', 'anthropic'] as const)('with a model of %s', wholeConversation, 60_000)
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ContentBlock, MessageParam } from '../../../api/schemas.gen.ts'
import {
  beginHistory,
  type Cut,
  committed,
  happenedIn,
  joinBehind,
  joined,
  type LiveHistory,
  type LiveStep,
  requestOf,
  speakingTool,
  takenBack,
  withAttached,
  withWords,
} from '../../../plugins/live/history.ts'

const text = (said: string): ContentBlock => ({ type: 'text', text: said })
const speak = (id: string, said: string): ContentBlock => ({ type: 'tool_use', id, name: speakingTool, input: { text: said } })
const call = (id: string): ContentBlock => ({ type: 'tool_use', id, name: 'look', input: {} })
const thought: ContentBlock = { type: 'thinking', thinking: 'Hm.', signature: 's' }
const found = (id: string) => ({ tool_use_id: id, content: 'found', is_error: false })
const step = (content: readonly ContentBlock[], spoken: readonly string[], ids: readonly string[] = []): LiveStep => ({
  content,
  spoken,
  results: ids.map(found),
})
const image: MessageParam['content'] = [{ type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } }]

const begun = (): LiveHistory => withWords(beginHistory([]), 'How is the weather?')
const user = (...said: readonly string[]) => ({ role: 'user', content: said.map((each) => ({ type: 'text', text: each })) })
const assistant = (...content: readonly unknown[]) => ({ role: 'assistant', content })
const result = (id: string, content: string, more = {}) => ({ type: 'tool_result', tool_use_id: id, content, ...more })
const all = 'The user heard all of it.'
const cut = 'The user interrupted, and heard no more than this.'

describe('the user', () => {
  it('asks with what was attached, said and typed', () => {
    const history = withWords(withAttached(beginHistory([]), image), 'What is this?', ['It is blue.'])
    expect(requestOf(history)).toEqual([
      { role: 'user', content: [...image, { type: 'text', text: 'What is this?' }, { type: 'text', text: 'It is blue.' }] },
    ])
  })

  it('goes on with a question that was taken back, in the same words once', () => {
    const first = takenBack(begun())
    const history = withWords(first, 'In Berlin, I mean.')
    expect(requestOf(history)).toEqual([user('How is the weather? In Berlin, I mean.')])
    expect(committed(history, [step([text('It rains.')], ['It rains.'])], 'It rains.').append).toEqual([
      user('How is the weather? In Berlin, I mean.'),
      assistant(text('It rains.')),
    ])
  })

  it('is seen in what happened as it did, once', () => {
    const happened: MessageParam[] = []
    joinBehind(happened, happenedIn(begun(), [step([text('It is nice.')], ['It is nice.'])]))
    const taken = withWords(takenBack(begun()), 'In Berlin, I mean.')
    const rains = [step([text('It rains.')], ['It rains.'])]
    joinBehind(happened, happenedIn(taken, rains))
    joinBehind(happened, happenedIn(committed(taken, rains, '').history, []))
    expect(happened).toEqual([
      user('How is the weather?'),
      assistant(text('It is nice.')),
      user('In Berlin, I mean.'),
      assistant(text('It rains.')),
    ])
  })

  it('says nothing with words that are none', () => {
    expect(requestOf(withWords(beginHistory([]), '  '))).toEqual([])
  })

  it('may attach something while the assistant speaks, which goes with the next question', () => {
    const { history, append } = committed(withAttached(begun(), image), [step([text('Nice.')], ['Nice.'])], 'Nice.')
    expect(append).toEqual([user('How is the weather?'), assistant(text('Nice.'))])
    expect(requestOf(withWords(history, 'And this?')).at(-1)).toEqual({
      role: 'user',
      content: [...image, { type: 'text', text: 'And this?' }],
    })
  })
})

describe('a turn that is over', () => {
  const said = 'It is nice. It will rain later.'
  it.each<[string, LiveStep[], string, unknown[]]>([
    ['text that was heard', [step([text(said)], [said])], said, [assistant(text(said))]],
    ['text that was cut', [step([text(said)], [said])], 'It is nice.', [assistant(text('It is nice.'))]],
    ['text as it was spoken', [step([text('**Nice** day')], ['Nice day'])], 'Nice day', [assistant(text('Nice day'))]],
    ['nothing that nobody heard', [step([thought, text(said)], [said])], '', []],
    [
      'a call that speaks',
      [step([speak('a', said)], [said])],
      said,
      [assistant(speak('a', said)), { role: 'user', content: [result('a', all)] }],
    ],
    [
      'a call that speaks, cut',
      [step([thought, speak('a', said)], [said])],
      'It is',
      [assistant(thought, speak('a', 'It is')), { role: 'user', content: [result('a', cut)] }],
    ],
    ['no call that nobody heard', [step([thought, speak('a', said)], [said])], '', []],
    [
      'tools and their results, whatever was heard',
      [step([text('Let me look.'), call('a')], ['Let me look. '], ['a']), step([speak('b', said)], [said])],
      '',
      [assistant(call('a')), { role: 'user', content: [result('a', 'found')] }],
    ],
    [
      'what was heard of each of several texts',
      [step([text('Let me look.'), call('a')], ['Let me look. '], ['a']), step([text(said)], [said])],
      'Let me look. It is',
      [assistant(text('Let me look.'), call('a')), { role: 'user', content: [result('a', 'found')] }, assistant(text('It is'))],
    ],
    [
      'the first text alone, where no more was heard',
      [step([text('Let me look.'), call('a')], ['Let me look. '], ['a']), step([text(said)], [said])],
      'Let me look.',
      [assistant(text('Let me look.'), call('a')), { role: 'user', content: [result('a', 'found')] }],
    ],
    [
      'a call that was broken off, with an answer',
      [step([call('a'), call('b')], [], ['b'])],
      '',
      [
        assistant(call('a'), call('b')),
        {
          role: 'user',
          content: [
            result('a', 'The tool was not run to its end: the user interrupted.', { is_error: true }),
            result('b', 'found'),
          ],
        },
      ],
    ],
    [
      'no call of the provider that it has not answered',
      [step([{ type: 'server_tool_use', id: 's', name: 'web_search', input: {} }, text('Nice.')], ['Nice.'])],
      'Nice.',
      [assistant(text('Nice.'))],
    ],
    [
      'two answers in a row as one message',
      [step([text('One.')], ['One. ']), step([text('Two.')], ['Two.'])],
      'One. Two.',
      [assistant(text('One.'), text('Two.'))],
    ],
    ['nothing where another text was heard than was spoken', [step([text('One.')], ['One.'])], 'Other', []],
  ])('keeps %s', (_, steps, heard, expected) => {
    const { history, append } = committed(begun(), steps, heard, 'interrupted')
    expect(append).toEqual([user('How is the weather?'), ...expected])
    expect(history.played).toEqual(append)
    expect(history.asked).toEqual([])
  })

  it.each<[Cut | undefined, string, string]>([
    ['interrupted', cut, 'The tool was not run to its end: the user interrupted.'],
    [
      'unspoken',
      'The voice failed. The rest could not be spoken: the user heard no more than this.',
      'The tool was not run to its end.',
    ],
    ['stopped', 'It was broken off, and the user heard no more than this.', 'The tool was not run to its end.'],
    [undefined, 'It was broken off, and the user heard no more than this.', 'The tool was not run to its end.'],
  ])('tells the model why no more was heard: %s', (why, spoken, broken) => {
    const steps = [step([call('a'), speak('b', 'It is nice. It is warm.')], ['It is nice. It is warm.'])]
    expect(committed(begun(), steps, 'It is nice.', why).append.at(-1)).toEqual({
      role: 'user',
      content: [result('a', broken, { is_error: true }), result('b', spoken)],
    })
  })

  it('of which nothing was heard leaves the question, which the next one joins', () => {
    const first = committed(begun(), [step([text('Nice.')], ['Nice.'])], '')
    const second = committed(withWords(first.history, 'Hello?'), [step([text('Yes.')], ['Yes.'])], 'Yes.')
    expect(second.append).toEqual([user('Hello?'), assistant(text('Yes.'))])
    expect(second.history.played).toEqual([user('How is the weather?', 'Hello?'), assistant(text('Yes.'))])
  })

  it('with a call that spoke is followed by the next question in the message of its result', () => {
    const { history } = committed(begun(), [step([speak('a', 'Nice.')], ['Nice.'])], 'Nice.')
    expect(requestOf(withWords(history, 'Thanks.')).at(-1)).toEqual({
      role: 'user',
      content: [result('a', all), { type: 'text', text: 'Thanks.' }],
    })
  })

  it('that nobody asked for, at the very beginning, has a question all the same', () => {
    const { append } = committed(beginHistory([]), [step([text('Good day!')], ['Good day!'])], 'Good day!')
    expect(append).toEqual([user('(The conversation begins.)'), assistant(text('Good day!'))])
  })

  it('at the very beginning, of which nothing was heard, was none', () => {
    expect(committed(beginHistory([]), [step([text('Good day!')], ['Good day!'])], '').append).toEqual([])
  })

  it('stays whole in what happened', () => {
    const steps = [step([text('Let me look.'), call('a')], ['Let me look. ']), step([speak('b', said)], [said])]
    const happened = happenedIn(begun(), steps)
    expect(happened.filter(({ role }) => role === 'assistant')).toEqual([
      assistant(text('Let me look.'), call('a')),
      assistant(speak('b', said)),
    ])
    expect(callsWithout(happened)).toEqual([])
  })

  it('goes on a conversation that was before the session', () => {
    const before: MessageParam[] = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello.' },
    ]
    const { history, append } = committed(withWords(beginHistory(before), 'Well?'), [step([text('Nice.')], ['Nice.'])], 'Nice.')
    expect(append).toEqual([user('Well?'), assistant(text('Nice.'))])
    expect(history.played).toEqual([...before, ...append])
  })
})

// ── Whatever happens ────────────────────────────────────────────────────────────────────────────────────────────────────

/** The calls that have no result in the message behind them. */
function callsWithout(messages: readonly MessageParam[]): string[] {
  const blocksOf = (message: MessageParam | undefined) => (Array.isArray(message?.content) ? message.content : [])
  return messages.flatMap((message, index) => {
    const answered = new Set(
      blocksOf(messages[index + 1]).flatMap((block) => (block.type === 'tool_result' ? [block.tool_use_id] : [])),
    )
    return blocksOf(message).flatMap((block) => (block.type === 'tool_use' && !answered.has(block.id) ? [block.id] : []))
  })
}

function spokenIn(messages: readonly MessageParam[]): string {
  return messages
    .filter(({ role }) => role === 'assistant')
    .flatMap(({ content }) => (typeof content === 'string' ? [] : content))
    .flatMap((block) =>
      block.type === 'text' ? [block.text] : block.type === 'tool_use' && block.name === speakingTool ? [block.input.text] : [],
    )
    .join('')
    .replaceAll(/\s/g, '')
}

const words = fc.array(fc.constantFrom('one', 'two', 'three', '我想', '😀'), { maxLength: 6 }).map((each) => each.join(' '))
const block = fc.oneof(
  words.map((said) => ({ kind: 'text' as const, said })),
  words.map((said) => ({ kind: 'speak' as const, said })),
  fc.constantFrom('answered', 'broken', 'thought', 'pending').map((kind) => ({ kind, said: '' })),
)
const turn = fc.record({
  words,
  steps: fc.array(fc.array(block, { maxLength: 4 }), { maxLength: 4 }),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  isTakenBack: fc.boolean(),
  attaches: fc.boolean(),
})

let ids = 0
function stepOf(blocks: readonly { readonly kind: string; readonly said: string }[]): LiveStep {
  const made = blocks.map(({ kind, said }) => {
    const id = `call_${ids++}`
    if (kind === 'text') return { block: text(said), spoken: [`${said} `], results: [] }
    if (kind === 'speak') return { block: speak(id, said), spoken: [`${said} `], results: [] }
    if (kind === 'thought') return { block: thought, spoken: [], results: [] }
    if (kind === 'pending')
      return { block: { type: 'server_tool_use' as const, id, name: 'web_search', input: {} }, spoken: [], results: [] }
    return { block: call(id), spoken: [], results: kind === 'answered' ? [found(id)] : [] }
  })
  return {
    content: made.map((each) => each.block),
    spoken: made.flatMap((each) => each.spoken),
    results: made.flatMap((each) => each.results),
  }
}

describe('whatever is said, heard and called', () => {
  it('the model sees no word that was not played, a history that is valid, and the same that clients keep', () => {
    fc.assert(
      fc.property(fc.array(turn, { maxLength: 6 }), (turns) => {
        let history = beginHistory([])
        let kept: readonly MessageParam[] = []
        let played = ''
        const happened: MessageParam[] = []
        for (const { words: asked, steps: blocks, share, isTakenBack, attaches } of turns) {
          if (attaches) history = withAttached(history, image)
          history = withWords(history, asked)
          const steps = blocks.map(stepOf)
          const spoken = steps.flatMap((each) => each.spoken).join('')
          const heard = spoken.slice(0, Math.floor(spoken.length * share)).trimEnd()
          joinBehind(happened, happenedIn(history, steps))
          if (isTakenBack) {
            history = takenBack(history)
            continue
          }
          played += heard.replaceAll(/\s/g, '')
          const over = committed(history, steps, heard)
          history = over.history
          kept = joined(kept, ...over.append)
          expect(history.played).toEqual(kept)
          expect(spokenIn(history.played)).toBe(played)
        }
        for (const messages of [history.played, requestOf(history)]) {
          expect(messages[0]?.role ?? 'user').toBe('user')
          expect(messages.some(({ role }, index) => role === messages[index - 1]?.role)).toBe(false)
          expect(messages.every(({ content }) => content.length > 0)).toBe(true)
          expect(JSON.stringify(messages)).not.toMatch(/"text":"\s*"|server_tool_use/)
          expect(
            messages.filter(
              ({ role, content }) => role === 'assistant' && Array.isArray(content) && content.at(-1)?.type === 'thinking',
            ),
          ).toEqual([])
        }
        expect(callsWithout(history.played)).toEqual([])
        expect(callsWithout(happened)).toEqual([])
        expect(happened.some(({ role }, index) => role === happened[index - 1]?.role)).toBe(false)
        const asked = turns
          .map((each) => each.words)
          .join('')
          .replaceAll(/\s/g, '')
        const users = requestOf(history)
          .filter(({ role }) => role === 'user')
          .flatMap(({ content }) => (typeof content === 'string' ? [] : content))
        const said = users.flatMap((each) => (each.type === 'text' && !each.text.startsWith('(') ? [each.text] : []))
        expect(said.join('').replaceAll(/\s/g, '')).toBe(asked)
      }),
      { numRuns: 500 },
    )
  })
})

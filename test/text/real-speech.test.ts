import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { judgeSpeech, type SpeechContext, type UnderstoodSpeech } from '../../text/real-speech.ts'

const silent: SpeechContext = { assistantSpeaks: false, hasAec: true, spoken: '' }
const speaking: SpeechContext = { assistantSpeaks: true, hasAec: true, spoken: '' }
const throughEcho: SpeechContext = { assistantSpeaks: true, hasAec: false, spoken: '' }

function judge(text: string, context: SpeechContext = silent, more: Partial<UnderstoodSpeech> = {}) {
  return judgeSpeech({ text, isFinal: true, confidence: undefined, ...more }, context)
}

describe('noise is', () => {
  it.each([
    '',
    '   ',
    '.',
    '...?!',
    '—',
    '👍',
    '♪ ♪',
    '♪ la la la ♪',
    '[noise]',
    '(laughter) [music]',
    '<unk>',
    '*coughs*',
    '（笑）',
    '【音楽】',
    'Um...',
    'Uhhhh, ummmm.',
    'Hmmmm',
    'Ähm, äh…',
    'Euh… heu',
    'えーと…',
    '呃呃呃呃',
    'эээ, эм',
    'Thanks for watching!',
    'Untertitel der Amara.org-Community',
    'ご視聴ありがとうございました。',
    'a',
    'no',
    'Hi!',
    'и я',
  ])('%j', (text) => {
    for (const context of [silent, speaking, throughEcho]) expect(judge(text, context)).toBe('noise')
  })
})

describe('real speech is', () => {
  it.each([
    'Stop!',
    'What?',
    'Wait, no.',
    'No, the other one',
    'Okay, stop.',
    'Yes, but what about tomorrow',
    'Mm-hm, and then what happened?',
    '[noise] hello there',
    'Thanks for watching the children',
    'Thank you.',
    'Nein, halt!',
    'Ja, aber morgen',
    'Arrête, s’il te plaît',
    'D’accord mais pas demain',
    'Espera un momento',
    'Sí, pero no hoy',
    'Não, espera',
    'Aspetta un attimo',
    'Стой, подожди',
    'да нет наверное',
    'انتظر لحظة',
    'रुको एक मिनट',
    '你好',
    '等一下',
    '不是这个',
    '好的，但是明天呢',
    'ちょっと待って',
    'はい、でも明日は',
    '잠깐만요',
    '네, 그런데요',
    'หยุดก่อน',
    'ครับแต่ว่า',
    'chờ một chút',
    '42 euros',
  ])('%j', (text) => {
    expect(judge(text)).toBe('speech')
    expect(judge(text, speaking)).toBe('speech')
  })
})

describe('a back-channel is', () => {
  it.each([
    'Mm-hm.',
    'Mhmm',
    'Uh-huh!',
    'Okay.',
    'Okaaay',
    'okay okay okay',
    'Yeah, right.',
    'I see, I see.',
    'Oh, wow, really?',
    'All right, got it',
    'Um, okay.',
    'hahaha',
    'Genau, genau.',
    'Ach so, alles klar.',
    'Ja, verstehe.',
    'Ah oui, d’accord.',
    'Oui oui, bien sûr',
    'Vale, vale.',
    'Claro, sí, ya veo',
    'Tá bom, entendi.',
    'Va bene, ho capito',
    'Oké, precies.',
    'No tak, rozumiem',
    'Ага, понятно.',
    'Tamam, anladım.',
    'نعم نعم',
    'ठीक है, अच्छा।',
    'はい、そうですね。',
    'なるほどなるほど',
    'へえー、そうなんですね',
    '嗯嗯，好的。',
    '对对对，没错',
    '네네, 알겠어요.',
    'ใช่ครับ',
    'dạ, đúng rồi',
  ])('%j', (text) => {
    expect(judge(text)).toBe('back-channel')
    expect(judge(text, speaking)).toBe('back-channel')
  })

  it('no speech that only begins like one', () => {
    for (const text of ['okay stop', 'right now', 'sure thing boss', '好的停下来', 'はいってください'])
      expect(judge(text, speaking)).toBe('speech')
  })
})

describe('what is short or doubtful', () => {
  it.each<[string, SpeechContext, Partial<UnderstoodSpeech>, string]>([
    ['Wait', silent, {}, 'speech'],
    ['Wait', speaking, {}, 'speech'],
    ['Wait', throughEcho, {}, 'noise'],
    ['Wait no', throughEcho, {}, 'noise'],
    ['Wait, no', throughEcho, {}, 'speech'],
    ['Wait a moment', throughEcho, {}, 'speech'],
    ['Wait a moment', throughEcho, { isFinal: false }, 'noise'],
    ['Wait a moment', speaking, { isFinal: false }, 'speech'],
    ['Wait a moment', silent, { isFinal: false }, 'speech'],
    ['等一下吧', throughEcho, {}, 'speech'],
    ['等一下', throughEcho, {}, 'noise'],
    ['Wait a moment', silent, { confidence: 0.49 }, 'noise'],
    ['Wait a moment', silent, { confidence: 0.5 }, 'speech'],
    ['Wait a moment', silent, { confidence: 0 }, 'noise'],
  ])('%j', (text, context, more, expected) => {
    expect(judge(text, context, more)).toBe(expected)
  })
})

describe('the assistant’s own words', () => {
  const english = 'The weather in Berlin will be sunny tomorrow, with a light breeze from the west and about twenty degrees.'
  const german = 'Morgen wird es in Berlin sonnig, mit leichtem Wind aus Westen und ungefähr zwanzig Grad.'
  const chinese = '明天柏林天气晴朗，气温大约二十度，有微风。'
  const japanese = '明日のベルリンは晴れで、気温は二十度くらいでしょう。'
  const russian = 'Завтра в Берлине будет солнечно, около двадцати градусов.'
  const hindi = 'कल बर्लिन में धूप रहेगी और तापमान लगभग बीस डिग्री होगा।'

  it.each<[string, string]>([
    ['will be sunny tomorrow', english],
    ['Will be funny tomorrow with the light breeze', english],
    ['the weather in berlin will be sunny tomorrow with a light breeze from the west and about twenty degrees', english],
    ['weather in Berlin, sunny tomorrow, light breeze from the west', english],
    ['in Berlin will be sun', english],
    ['sonnig mit leichten Wind aus Westen', german],
    ['明天柏林天气晴朗', chinese],
    ['气温大约二十多有微风', chinese],
    ['ベルリンは晴れで気温は二十度', japanese],
    ['будет солнечно около двадцати градусов', russian],
    ['धूप रहेगी और तापमान लगभग', hindi],
  ])('%j are noise', (text, spoken) => {
    expect(judge(text, { ...throughEcho, spoken })).toBe('noise')
  })

  it.each<[string, string]>([
    ['What about the day after tomorrow', english],
    ['will be sunny tomorrow stop please', english],
    ['the weather in berlin will be sunny tomorrow with a light breeze from the west stop it', english],
    ['No I meant Munich', english],
    ['Nein, ich meine München', german],
    ['不对，我说的是慕尼黑', chinese],
    ['いいえ、ミュンヘンのことです', japanese],
    ['Нет, я про Мюнхен', russian],
    ['नहीं, मेरा मतलब म्यूनिख था', hindi],
  ])('%j are not', (text, spoken) => {
    expect(judge(text, { ...throughEcho, spoken })).toBe('speech')
  })

  it('are an echo soon after too, but not where they answer', () => {
    const after: SpeechContext = {
      assistantSpeaks: false,
      hasAec: false,
      spoken: 'Would you like tea with milk or black coffee?',
    }
    expect(judge('would you like tea with milk or black', after)).toBe('noise')
    expect(judge('Black coffee.', after)).toBe('speech')
    expect(judge('Tea with milk', after)).toBe('speech')
  })

  it('are said by whoever wants to know, where no echo comes back', () => {
    expect(judge('About twenty degrees?', { ...speaking, spoken: english })).toBe('noise')
    expect(judge('Twenty degrees?', { ...speaking, spoken: english })).toBe('speech')
  })

  it('are always known where they come back as they were', () => {
    const word = fc.stringMatching(/^[a-z]{2,9}$/)
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 12, maxLength: 40 }),
        fc.nat(),
        fc.integer({ min: 5, max: 12 }),
        (words, from, count) => {
          const at = from % (words.length - count + 1)
          const text = words.slice(at, at + count).join(' ')
          expect(judge(`${text}, `, { ...throughEcho, spoken: `${words.join(' ')}.` })).not.toBe('speech')
        },
      ),
    )
  })
})

describe('words that may be the last of the assistant', () => {
  const over = { ...silent, hasAec: false, spoken: 'Shall I book it? Yes.', mayBeEcho: true }

  it('are noise, however short they are, and whatever else they could be', () => {
    expect(judge('Yes.', over)).toBe('noise')
    expect(judge('book it yes', over)).toBe('noise')
    expect(judge('Yes.', { ...over, mayBeEcho: false })).not.toBe('noise')
  })

  it('are an answer where they are others', () => {
    expect(judge('No, thanks.', over)).toBe('speech')
    expect(judge('Okay', over)).toBe('back-channel')
  })
})

describe('thresholds of a session', () => {
  it('let shorter words count, and keep longer ones out', () => {
    expect(judge('Go', silent)).toBe('noise')
    expect(judge('Go', { ...silent, thresholds: { minCharacters: 2 } })).toBe('speech')
    expect(judge('Munich', { ...silent, thresholds: { minCharacters: 7 } })).toBe('noise')
  })

  it('are others where the assistant speaks into the microphone', () => {
    const context = { ...throughEcho, spoken: '' }
    expect(judge('Munich', context)).toBe('noise')
    expect(judge('Munich', { ...context, thresholds: { minCharactersInEcho: 6 } })).toBe('speech')
    expect(judge('Wait a minute', { ...context, thresholds: { minCharactersInEcho: 20 } })).toBe('noise')
  })

  it('say what the engine has to be certain of', () => {
    const doubtful = { confidence: 0.4 }
    expect(judge('Berlin, please', silent, doubtful)).toBe('noise')
    expect(judge('Berlin, please', { ...silent, thresholds: { minConfidence: 0.3 } }, doubtful)).toBe('speech')
    expect(judge('Berlin, please', { ...silent, thresholds: { minConfidence: 0.8 } }, { confidence: 0.7 })).toBe('noise')
  })

  it('are the usual ones where they are left out', () => {
    expect(judge('Go', { ...silent, thresholds: {} })).toBe('noise')
    expect(judge('Go', { ...silent, thresholds: undefined })).toBe('noise')
  })
})

describe('whatever is understood', () => {
  it('there is a verdict, soon', () => {
    const contexts = fc.record({ assistantSpeaks: fc.boolean(), hasAec: fc.boolean(), spoken: fc.string({ unit: 'binary' }) })
    const understood = fc.record({
      text: fc.string({ unit: 'binary' }),
      isFinal: fc.boolean(),
      confidence: fc.option(fc.double(), { nil: undefined }),
    })
    fc.assert(
      fc.property(understood, contexts, (said, context) => {
        expect(['speech', 'back-channel', 'noise']).toContain(judgeSpeech(said, context))
      }),
    )
    const long = 'so and so '.repeat(2000)
    expect(judge(long, { ...throughEcho, spoken: long })).toBe('speech')
    expect(judge('ja '.repeat(5000), speaking)).toBe('speech')
    expect(judge('*('.repeat(5000), speaking)).toBe('noise')
  })
})

import { isEchoOf } from './echo.ts'
import { backChannels, hesitations, inventions, unspacedBackChannels } from './real-speech-words.ts'

/**
 * What an engine has understood: `speech` is meant for the assistant; a `back-channel` shows that somebody listens ("mm-hm", "okay"), which is an
 * answer where the assistant is silent and none while it speaks; `noise` is neither.
 */
export type SpeechVerdict = 'speech' | 'back-channel' | 'noise'

export interface UnderstoodSpeech {
  readonly text: string
  /** Whether it will not change any more. */
  readonly isFinal: boolean
  /** From 0 to 1; undefined where the engine does not tell. */
  readonly confidence: number | undefined
}

export interface SpeechContext {
  readonly assistantSpeaks: boolean
  /** Whether the client takes the assistant's voice out of its microphone. */
  readonly hasAec: boolean
  /** What the assistant says or has just said; '' for nothing. */
  readonly spoken: string
  /** Whether it may have been heard of the assistant's last words, which are over: through the microphone, or before they ended. */
  readonly mayBeEcho?: boolean
  readonly thresholds?: Partial<SpeechThresholds> | undefined
}

/** From what on words count. */
export interface SpeechThresholds {
  /** What is shorter is no speech. */
  readonly minCharacters: number
  /** Likewise, while the assistant speaks into the microphone. */
  readonly minCharactersInEcho: number
  /** From 0 to 1: what the engine is less certain of is none, where it tells. */
  readonly minConfidence: number
}

export const defaultSpeechThresholds: SpeechThresholds = { minCharacters: 4, minCharactersInEcho: 8, minConfidence: 0.5 }

/**
 * Whether what was understood is real speech. Noise is
 *   - what has no word in it: punctuation, signs of an engine for sounds ("[noise]", "♪"), hesitation, and what engines are known to invent;
 *   - what the engine doubts: a confidence below the least, usually 0.5;
 *   - what is too short: usually under 4 characters; under 8, or not final, while the assistant speaks into the microphone. What is written
 *     with a character for each syllable or word counts twice, for "你好" is no shorter than "hello";
 *   - the assistant's own words, about as it spoke them.
 */
export function judgeSpeech(
  { text, isFinal, confidence }: UnderstoodSpeech,
  { assistantSpeaks, hasAec, spoken, mayBeEcho = false, thresholds }: SpeechContext,
): SpeechVerdict {
  const { minCharacters, minCharactersInEcho, minConfidence } = { ...defaultSpeechThresholds, ...thresholds }
  const said = text.replaceAll(soundSigns, ' ').trim()
  const words = plainWords(said)
  if (words === '' || (confidence !== undefined && confidence < minConfidence)) return 'noise'
  if (words.split(' ').every((word) => hesitationWords.has(word)) || inventionTexts.has(words)) return 'noise'
  const isThroughEcho = assistantSpeaks && !hasAec
  const length = charactersIn(said)
  if (length < minCharacters || (isThroughEcho && (!isFinal || length < minCharactersInEcho))) return 'noise'
  // Else a short answer of the assistant's would come back as the next question, and be answered, for ever.
  if (mayBeEcho && isEchoOf(words, plainWords(spoken))) return 'noise'
  if (isBackChannel(words)) return 'back-channel'
  // A choice that was offered is answered in the words that offered it; only a whole phrase of them is an echo where none is to be expected.
  const isEcho = length >= (isThroughEcho ? leastThroughEcho : leastUnexpectedEcho) && isEchoOf(words, plainWords(spoken))
  return isEcho ? 'noise' : 'speech'
}

const leastThroughEcho = 8
const leastUnexpectedEcho = 20
/** Longer than any that people say while they listen; and what is longer need not be looked through. */
const longestBackChannel = 60

/** What engines write for sounds that are no words. */
const soundSigns =
  /\[[^\]]{0,60}\]|\([^)]{0,60}\)|<[^>]{0,60}>|【[^】]{0,60}】|（[^）]{0,60}）|\*[^*]{1,40}\*|♪[^♪]{0,200}♪|[♪♫🎵🎶]/gu

/** In small letters, without punctuation, and each letter once where it is drawn out: "Okaaay, mm-hm!" is "okay m hm", "へえー" is "へえ". */
function plainWords(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/['’`´ー]/g, '')
    .replaceAll(/[^\p{L}\p{M}\p{N}]+/gu, ' ')
    .replaceAll(/(\p{L}\p{M}*)\1+/gu, '$1')
    .trim()
}

function charactersIn(text: string): number {
  let count = 0
  for (const character of text) {
    if (wide.test(character)) count += 2
    else if (!/\p{M}/u.test(character)) count++
  }
  return count
}

const wide = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u

const hesitationWords: ReadonlySet<string> = new Set(hesitations.map(plainWords))
const inventionTexts: ReadonlySet<string> = new Set(inventions.map(plainWords))
const backChannelPhrases: ReadonlySet<string> = new Set([...backChannels, ...hesitations].map(plainWords))
const unspacedPhrases: readonly string[] = [...new Set([...unspacedBackChannels, ...hesitations].map(plainWords))]
const longestPhrase = 3

/** Whether the words are nothing but back-channels, one behind the other. */
function isBackChannel(text: string): boolean {
  if (text.length > longestBackChannel) return false
  const words = text.split(' ')
  const isReached = [true]
  for (let from = 0; from < words.length; from++) {
    if (!isReached[from]) continue
    if (isLaughter(words[from] ?? '') || isUnspacedBackChannel(words[from] ?? '')) isReached[from + 1] = true
    for (let count = 1; count <= longestPhrase && from + count <= words.length; count++) {
      if (backChannelPhrases.has(words.slice(from, from + count).join(' '))) isReached[from + count] = true
    }
  }
  return isReached[words.length] === true
}

function isUnspacedBackChannel(word: string): boolean {
  const isReached = [true]
  for (let from = 0; from < word.length; from++) {
    if (!isReached[from]) continue
    for (const phrase of unspacedPhrases) if (word.startsWith(phrase, from)) isReached[from + phrase.length] = true
  }
  return isReached[word.length] === true
}

function isLaughter(word: string): boolean {
  return /^(?:(?:h[aeiä])+h?|(?:ja)+|(?:ха)+|ㅋ+|ㅎ+|ه+)$/u.test(word)
}

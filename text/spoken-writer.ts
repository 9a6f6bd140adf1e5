import { lastScript, type ScriptLanguage } from './spoken-script.ts'

/**
 * Writes what is said: white space in single spaces, punctuation calmed, one block a line, each block a sentence. What is
 * written is the same however it comes in pieces.
 */
export class SpokenWriter {
  #out = ''
  /** The last character written in this block, and the last one that is no closing quote or bracket. */
  #last = ''
  #ending = ''
  /** A soft space is not written before a mark. */
  #gap: '' | 'soft' | 'space' | 'pause' = ''
  /** Something was left out since the last word, so that a space may stand where none belongs. */
  #hasDropped = false
  #dots = 0
  #script: ScriptLanguage = 'en'
  #isScriptOfLine = false

  /** The script of the last letters that were written, Latin where there were none. */
  get script(): ScriptLanguage {
    return this.#script
  }

  /** The same, of the line that is being read. */
  get lineScript(): ScriptLanguage | undefined {
    return this.#isScriptOfLine ? this.#script : undefined
  }

  /** Another line is read from here on. */
  newLine(): void {
    this.#isScriptOfLine = false
  }

  /** What has been written since this was last asked. */
  take(): string {
    const out = this.#out
    this.#out = ''
    return out
  }

  get isEmpty(): boolean {
    return this.#last === ''
  }

  /** Characters that are neither white space nor marks of punctuation. */
  text(run: string): void {
    const script = lastScript(run)
    if (script !== undefined) {
      this.#script = script
      this.#isScriptOfLine = true
    }
    this.stand(run)
  }

  /** Words that are not the writer's own, and say nothing of the language. */
  stand(run: string): void {
    if (run === '') return
    this.#fill()
    this.#out += run
    this.#last = run[run.length - 1] ?? ''
    this.#ending = this.#last
    this.#hasDropped = false
    this.#dots = 0
  }

  /** A word that takes the place of a symbol. */
  word(word: string): void {
    if (!openers.includes(this.#last)) this.space()
    this.stand(word)
    this.#gap = 'soft'
  }

  /** A mark of punctuation, or a closing quote or bracket. */
  mark(mark: string): void {
    if (this.isEmpty && starters.includes(mark)) return
    if (this.#gap === '' && this.#isTooMuch(mark)) return
    if (this.#gap === 'pause' && pauses.includes(mark)) this.#gap = ''
    if ((this.#gap === 'soft' || (this.#gap === 'space' && this.#hasDropped)) && tight.includes(mark)) this.#gap = ''
    this.#fill()
    this.#out += mark
    this.#last = mark
    if (!closers.includes(mark)) this.#ending = mark
    this.#dots = mark === '.' ? this.#dots + 1 : 0
  }

  space(): void {
    if (this.#gap !== 'pause') this.#gap = 'space'
  }

  /** The end of a line that goes on; scripts without spaces have none here either. */
  lineBreak(): void {
    if (!unspaced.test(this.#ending)) this.space()
  }

  pause(): void {
    this.#gap = 'pause'
  }

  dropped(): void {
    this.#hasDropped = true
  }

  /** Ends the block as a sentence, if anything was said in it. */
  endBlock(): void {
    if (!this.isEmpty) {
      this.stop()
      this.#out += '\n'
    }
    this.#last = ''
    this.#ending = ''
    this.#gap = ''
    this.#hasDropped = false
    this.#dots = 0
  }

  /** A stop where the words have none. */
  stop(): void {
    if (this.isEmpty || pauses.includes(this.#ending)) return
    this.#out += stopAfter(this.#ending)
    this.#gap = ''
  }

  #fill(): void {
    const gap = this.#gap
    this.#gap = ''
    if (gap === '' || this.isEmpty) return
    if (gap === 'pause' && !pauses.includes(this.#ending)) this.#out += commaAfter(this.#ending)
    this.#out += ' '
    this.#dots = 0
  }

  #isTooMuch(mark: string): boolean {
    if (mark === '.') return this.#dots >= 3
    if (cries.includes(mark)) return this.#last !== '' && cries.includes(this.#last)
    return mark === this.#last && repeated.includes(mark)
  }
}

const pauses = '.!?…:;,।॥。！？：；，、—–؟،؛۔'
const openers = '([{“‘«¿¡「『（【'
const closers = '"\'”’»)]}」』）】›'
/** What stands close to the word before it. */
const tight = '.,;:!?…)]}।॥。！？：；，、؟،؛۔'
const cries = '!?！？؟'
const repeated = ',;:…，、；：،'
/** What no block begins with; a stop may: ".5", ".NET". */
const starters = ',;:!?，、；：！？،؛؟'
const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}。！？：；，、」』）]/u

function stopAfter(character: string): string {
  if (unspaced.test(character)) return '。'
  return /\p{Script=Devanagari}/u.test(character) ? '।' : '.'
}

function commaAfter(character: string): string {
  if (unspaced.test(character)) return '，'
  return /\p{Script=Arabic}/u.test(character) ? '،' : ','
}

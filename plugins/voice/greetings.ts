import { isRecord } from '../../api/json.ts'
import { askedOf } from './asked.ts'
import { speakingOf } from './check.ts'
import type { SpeakingPlan } from './plan.ts'
import { isProblem, type Vendors } from './vendors.ts'

/** A text that is spoken before anybody asks. */
export interface Greeting {
  readonly text: string
  readonly plan: SpeakingPlan
}

/** The operator's greetings; throws an error that names what is wrong with the first that is. */
export function greetingsOf(value: unknown, vendors: Vendors): Greeting[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw new Error('greetings: a list is expected')
  if (value.length > mostGreetings) throw new Error(`greetings: there are more than ${mostGreetings}`)
  return value.map((each: unknown, index) => greetingOf(each, `greetings[${index}]`, vendors))
}

const mostGreetings = 100
const longestGreeting = 2000

function greetingOf(value: unknown, path: string, vendors: Vendors): Greeting {
  if (!isRecord(value)) throw new Error(`${path}: an object with text and voice is expected`)
  const { text, tts_model: model, ...output } = value
  const unknown = Object.keys(output).find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw new Error(`${path}.${unknown}: is not known here; there are text, tts_model, ${known.join(', ')}`)
  if (typeof text !== 'string' || text.trim() === '') throw new Error(`${path}.text: the text to speak is expected`)
  if (text.length > longestGreeting) throw new Error(`${path}.text: is longer than ${longestGreeting} characters`)
  const asked = askedOf({ voice: { output }, tts_model: model })?.output
  if (!asked) throw new Error(`${path}.voice: a voice as provider/voice is expected`)
  const voice = vendors.speaking(asked.voice, typeof model === 'string' ? model : undefined)
  if (isProblem(voice)) throw new Error(`${path}.${voice.field}: ${voice.message}`)
  const { plan, issues } = speakingOf(asked, voice, [])
  const [first] = issues
  if (first) throw new Error(`${path}${first.param?.replace(/^voice\.output/, '') ?? ''}: ${first.message}`)
  return { text, plan }
}

const known = ['voice', 'format', 'sample_rate', 'speed', 'volume', 'emotion', 'language', 'alignment']

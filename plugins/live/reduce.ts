import { judgeSpeech } from '../../text/real-speech.ts'
import { heardText } from './heard.ts'
import { type Reduce, sessionRules } from './session.ts'

/** The rules that sessions go by, and by which their recordings are played again. */
export const reduceLive: Reduce = sessionRules({ heard: heardText, judge: judgeSpeech })

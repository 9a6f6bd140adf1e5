import type { Alignment } from '../../providers/speech.ts'
import type { EndReason } from './effects.ts'
import type { Content } from './inputs.ts'
import type { Owed } from './owed.ts'
import type { RuleChanges, Rules } from './rules.ts'

/** All that a session knows, as plain data. Sound itself is not in it, nor anything that runs. */
export interface SessionState {
  readonly rules: Rules
  /** What the client changed, for the next turn on. */
  readonly changes: Changes | undefined
  /** When something happened last. */
  readonly at: number
  /** When anybody said or asked for anything last. */
  readonly activeAt: number
  readonly mic: Mic
  readonly stt: Stt
  readonly user: User
  readonly agent: Agent
  /** A turn that was stopped, while the last word on what was heard of it is waited for. The agent is idle meanwhile. */
  readonly closing: Closing | undefined
  /** A question that waits for that. */
  readonly next: Question | undefined
  /** A model that was asked before it was certain that the user had finished. */
  readonly speculation: Speculation | undefined
  /** What the assistant said last: its echo may still come. */
  readonly echo: { readonly text: string; readonly at: number } | undefined
  /** Since when the client is gone; undefined while it is there. */
  readonly lostAt: number | undefined
  /** Since when it does not read what it is sent; undefined while it does. */
  readonly stalledAt: number | undefined
  /** By when the server goes down. */
  readonly drainBy: number | undefined
  readonly ended: EndReason | undefined
  /** How many there were so far, which numbers them. */
  readonly turns: number
  readonly audios: number
  readonly fillers: number
}

export interface Changes {
  readonly rules: RuleChanges
  /** Whether another engine is to hear. */
  readonly hearing: boolean
  /** The last turn that still goes by what was before. */
  readonly after: number
}

export interface Mic {
  readonly isOn: boolean
  readonly isMuted: boolean
  /** All sound that was heard, and until when that covers the time of the session. */
  readonly audioMs: number
  readonly clockAt: number
  /** How much sound may come at once, and when that was so. */
  readonly creditMs: number
  readonly creditAt: number
  /** While sound is dropped: since when, and when last. */
  readonly overrun: { readonly since: number; readonly last: number } | undefined
}

export interface Stt {
  /** Numbers the connections, also those that are only tried. */
  readonly link: number
  readonly phase: 'off' | 'connecting' | 'waiting' | 'open'
  /** Since when the phase is what it is. */
  readonly since: number
  /** How often it was tried in vain since it was open last. */
  readonly failures: number
  /** When it was lost, and up to where in the sound it was heard; undefined while it is not. */
  readonly lost: { readonly at: number; readonly audioMs: number } | undefined
  /** Where in the sound this connection began to hear. */
  readonly baseMs: number
  /** Up to where in the sound all words are final or given up. */
  readonly settledMs: number
  /** Up to where in the sound it was asked for its words and has not answered yet. */
  readonly flushedMs: number | undefined
  /** Whether the engine's own times say so; otherwise words may be heard again from there on that are known already. */
  readonly isSettledByTimes: boolean
  /** What was taken as certain last, a few words of it, and where in the sound it was known. */
  readonly known: { readonly text: string; readonly untilMs: number }
  /** The last of it, which this connection may begin with as well. */
  readonly seam: readonly string[]
  readonly heardAt: number
  /** Whether this engine ends turns itself: such need not answer when they are asked for their words. */
  readonly endsTurns: boolean
  /** How often it was taken for deaf since it told anything, and when last. */
  readonly doubts: { readonly count: number; readonly at: number }
}

export type UserPhase = 'silent' | 'speaking' | 'settling'

export interface User {
  readonly phase: UserPhase
  /** Undefined while the user is silent. */
  readonly utterance: Utterance | undefined
  readonly utterances: number
  /** How much goes with the next message already. */
  readonly attachments: number
  /** A turn was taken back, and its question is still to be answered: what comes next goes on with it. */
  readonly isContinuing: boolean
  /** Words that were taken as they were understood so far, and that the engine may say again; undefined for none. */
  readonly owed: Owed | undefined
}

export interface Utterance {
  readonly id: number
  /** On the clock of the sound, and the end so far. */
  readonly startMs: number
  readonly endMs: number
  /** On the clock of the session. */
  readonly startAt: number
  /** Whether a voice was heard, not only its words. */
  readonly hasEnergy: boolean
  readonly finals: string
  readonly partial: string
  readonly confidence: number | undefined
  /** Whether all that was said until the user became silent is final. */
  readonly isFinal: boolean
  /** When its words were final last; undefined while some are not. */
  readonly finalAt: number | undefined
  /** When a new word, or the voice itself, came last; and where in the sound. */
  readonly wordAt: number
  readonly wordMs: number
  /** Until when the last words are waited for, once they were asked for. */
  readonly forcedBy: number | undefined
  /** Which connection was asked. */
  readonly forcedLink: number | undefined
}

export type AgentPhase = 'idle' | 'thinking' | 'speaking' | 'draining'

export type Agent = { readonly phase: 'idle' } | { readonly phase: Exclude<AgentPhase, 'idle'>; readonly turn: Turn }

export interface Turn {
  readonly number: number
  /** When its question ended, on the clock of the session. */
  readonly endMs: number
  readonly startAt: number
  /** Whether there is a question that could be gone on with. */
  readonly isAnswer: boolean
  /** Why the model is done, once it is. */
  readonly stopReason: string | undefined
  /** Whether no more is to be said. */
  readonly isTextComplete: boolean
  /** Whether something was done that cannot be taken back. */
  readonly hasOutsideEffect: boolean
  /** When a tool was called first; undefined for never. */
  readonly calledAt: number | undefined
  readonly tools: readonly Tool[]
  /** Whether something was said because a tool took long. */
  readonly isFilled: boolean
  readonly times: TurnTimes
  readonly voice: VoiceState
}

/** What happened when in a turn. It is for measuring alone: nothing is decided by it. */
export interface TurnTimes {
  readonly speech: Question['speech']
  /** When the model gave its first words or called its first tool, the voice was asked first, and its first sound was given out. */
  readonly answeredAt: number | undefined
  readonly spokenAt: number | undefined
  readonly soundAt: number | undefined
  /** How long somebody had been speaking when the sound was stopped for that. */
  readonly stoppedMs: number | undefined
  /** All that the voice was given. */
  readonly characters: number
}

export interface Tool {
  readonly id: string
  readonly by: number
  /** Whether the client runs it. */
  readonly isClients: boolean
}

/** How often the voice of a turn failed: what speaks after that, and at last nobody. */
export type VoiceLevel = 'own' | 'again' | 'fallback' | 'none'

/** A turn's sound: one segment, of which any part may be given out more than once, each time under a number of its own. */
export interface VoiceState {
  readonly level: VoiceLevel
  readonly attempt: number
  readonly sentences: readonly Sentence[]
  readonly characters: number
  /** How many of the sentences were asked for, said whole, and told as text instead. */
  readonly asked: number
  readonly said: number
  readonly shown: number
  /** Whether the engine was asked for something since it was let go. */
  readonly isOpen: boolean
  /** All sound that came. */
  readonly madeMs: number
  /** When the engine was asked, let go on, or heard last. */
  readonly heardAt: number
  readonly isHeld: boolean
  readonly epoch: Epoch | undefined
  /** Stopped by a voice of which it is not known yet whether it speaks. */
  readonly pause: Pause | undefined
}

export interface Sentence {
  readonly text: string
  /** Undefined until its sound begins. */
  readonly startMs: number | undefined
  readonly lengthMs: number | undefined
  readonly alignment: Alignment | undefined
}

/** A stretch of sound that was given out under one number; the times in it begin with it. */
export interface Epoch {
  readonly audio: number
  /** Where in the turn's sound it begins. */
  readonly baseMs: number
  readonly sentMs: number
  readonly seq: number
  /** As the client told last, or as may be supposed; and when that was so. */
  readonly playedMs: number
  readonly playedAt: number
  readonly sentAt: number
  /** When it became more, or there was something to play again. */
  readonly progressAt: number
  readonly isPaused: boolean
  readonly isEnded: boolean
}

export interface Pause {
  readonly epoch: Epoch
  readonly since: number
  /** Whether the client has told where it stopped. */
  readonly isTold: boolean
}

export interface Closing {
  readonly turn: Turn
  readonly epoch: Epoch
  readonly reason: string
  readonly by: number
}

/** What a turn begins with. */
export interface Question {
  readonly text: string
  readonly typed: readonly Content[]
  readonly endMs: number
  /** Of what was said last: when it ended, and when its words were final; undefined where nothing was said. */
  readonly speech: { readonly endMs: number; readonly finalAt: number | undefined } | undefined
  readonly extends: boolean
}

export interface Speculation {
  readonly turn: number
  readonly text: string
  /** What the model said meanwhile. */
  readonly sentences: readonly string[]
  readonly characters: number
  readonly isTextComplete: boolean
  readonly stopReason: string | undefined
}

/** A session at its beginning, of which nobody has said or heard anything. */
export function openSession(rules: Rules, at = 0): SessionState {
  return {
    rules,
    changes: undefined,
    at,
    activeAt: at,
    mic: {
      isOn: false,
      isMuted: false,
      audioMs: 0,
      clockAt: at,
      creditMs: rules.limits.micBurstMs,
      creditAt: at,
      overrun: undefined,
    },
    stt: {
      link: 0,
      phase: 'off',
      since: at,
      failures: 0,
      lost: undefined,
      baseMs: 0,
      settledMs: 0,
      flushedMs: undefined,
      isSettledByTimes: false,
      known: { text: '', untilMs: 0 },
      seam: [],
      heardAt: at,
      endsTurns: false,
      doubts: noDoubts,
    },
    user: {
      phase: 'silent',
      utterance: undefined,
      utterances: 0,
      attachments: 0,
      isContinuing: false,
      owed: undefined,
    },
    agent: { phase: 'idle' },
    closing: undefined,
    next: undefined,
    speculation: undefined,
    echo: undefined,
    lostAt: undefined,
    stalledAt: undefined,
    drainBy: undefined,
    ended: undefined,
    turns: 0,
    audios: 0,
    fillers: 0,
  }
}

export const noDoubts: Stt['doubts'] = { count: 0, at: 0 }

export function turnOf({ agent }: SessionState): Turn | undefined {
  return agent.phase === 'idle' ? undefined : agent.turn
}

/** When, on the clock of the session, a place in the sound was heard. */
export function timeOf({ mic, at }: SessionState, audioMs: number): number {
  return Math.max(0, Math.min(at, mic.clockAt - (mic.audioMs - audioMs)))
}

/** The turn's sound that counts as its assistant's last words, for telling an echo from speech. */
export function wordsSpoken({ voice }: Turn): string {
  let text = ''
  for (let index = voice.asked - 1; index >= 0 && text.length < 400; index--) text = (voice.sentences[index]?.text ?? '') + text
  return text
}

import { type LiveConnectOptions, type LiveEvent, type LiveParams, type LiveSession, webSocketDial } from '@vai/sdk'
import { WebSocket } from 'ws'
import type { LiveHelloAck, LiveServerMessage } from '../../../api/schemas.gen.ts'
import { connectLive } from '../../../sdk/typescript/live/session.ts'
import { ManualClock } from '../../manual-clock.ts'
import { clockOf } from './clock.ts'
import { ack, type ScriptedGateway, type ScriptedLine, startScriptedGateway } from './scripted-gateway.ts'

/** A gateway that does what a test tells it, sessions of the SDK with it, and their time. */
export class SessionStage {
  readonly gateway: ScriptedGateway
  readonly clock = new ManualClock()

  constructor(gateway: ScriptedGateway) {
    this.gateway = gateway
  }

  static async start(): Promise<SessionStage> {
    return new SessionStage(await startScriptedGateway())
  }

  /** Asks for a session, to which the gateway has not answered. */
  connecting(options: LiveConnectOptions = {}, params: LiveParams = usual): Promise<LiveSession> {
    return connectLive(params, options, { baseURL: this.gateway.baseURL, dial, providerKeys: {} }, clockOf(this.clock))
  }

  /** A session that is open. */
  async opened(options: LiveConnectOptions = {}, first: LiveHelloAck = ack()): Promise<Opened> {
    const coming = this.connecting(options)
    const line = await this.gateway.next()
    line.send(first)
    return { session: await coming, line }
  }

  close(): Promise<void> {
    return this.gateway.close()
  }
}

export interface Opened {
  readonly session: LiveSession
  readonly line: ScriptedLine
}

export const dial = webSocketDial(WebSocket)
const usual: LiveParams = { model: 'demo/echo', tts: { voice: 'demo/soft' } }

/** The next event of a type, from now on. */
export function next<Type extends LiveEvent['type']>(
  session: LiveSession,
  type: Type,
): Promise<Extract<LiveEvent, { type: Type }>> {
  return new Promise((resolve) => {
    const off = session.on('*', (event) => {
      if (!isOf(event, type)) return
      off()
      resolve(event)
    })
  })
}

function isOf<Type extends LiveEvent['type']>(event: LiveEvent, type: Type): event is Extract<LiveEvent, { type: Type }> {
  return event.type === type
}

/** Breaks the line, and waits until it is known. */
export async function cut({ session, line }: Opened): Promise<void> {
  const lost = next(session, 'connection_lost')
  line.socket.terminate()
  await lost
}

/** The types of all events, once there are no more. */
export async function eventsOf(session: LiveSession): Promise<string[]> {
  const types: string[] = []
  for await (const { type } of session) types.push(type)
  return types
}

/** Resolves once the gateway's end of the socket is closed. */
export async function closed({ socket }: ScriptedLine): Promise<void> {
  if (socket.readyState !== WebSocket.CLOSED) await new Promise((resolve) => socket.once('close', resolve))
}

export const usage = { turns: 0, duration_ms: 1, seconds_heard: 0, characters_spoken: 0 }

export function sessionEnd(seq: number): LiveServerMessage {
  return { type: 'session_end', seq, reason: 'end_session', usage }
}

export function warning(seq: number): LiveServerMessage {
  return { type: 'warning', seq, code: 'x', message: `warning ${seq}` }
}

export function audioStart(seq: number, id = 'audio_1'): LiveServerMessage {
  const format = { encoding: 'pcm_s16le', sample_rate_hz: 24_000 } as const
  return { type: 'assistant_audio_start', seq, assistant_audio_id: id, turn_id: 'turn_1', format }
}

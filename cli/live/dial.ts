import type { IncomingMessage } from 'node:http'
import type { LiveDial, LiveSocketRefusal } from '@vai/sdk'
import { type RawData, WebSocket } from 'ws'

/** Opens sockets that tell of pings, and why they were refused; the key goes into a header, so that it is known before the upgrade whose they are. */
export function dialWith(key: string | undefined): LiveDial {
  return (url, protocols, listener) => {
    const socket = new WebSocket(url, [...protocols], {
      headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
      maxPayload: mostMessage,
      perMessageDeflate: false,
    })
    let refusal: LiveSocketRefusal | undefined
    socket.on('open', () => listener.opened())
    socket.on('message', (data, isBinary) => {
      const bytes = bytesOf(data)
      listener.message(isBinary ? bytes : new TextDecoder().decode(bytes))
    })
    socket.on('ping', () => listener.heard())
    socket.on('unexpected-response', (_request, response) => {
      void refusalIn(response).then((answer) => {
        refusal = answer
        socket.terminate()
      })
    })
    socket.on('error', (error) => {
      refusal ??= { why: reasonOf(error) }
    })
    socket.on('close', (code, reason) => {
      if (refusal) listener.refused(refusal)
      listener.closed(code, reason.toString())
    })
    return {
      get bufferedAmount() {
        return socket.bufferedAmount
      },
      showsPings: true,
      send: (data) => socket.send(data),
      close: (code) => socket.close(code),
      terminate: () => socket.terminate(),
    }
  }
}

/** What the SDK takes at most. */
const mostMessage = 64 * 1024 ** 2
const mostBody = 64 * 1024

function bytesOf(data: RawData): Uint8Array {
  return Array.isArray(data) ? Buffer.concat(data) : data instanceof ArrayBuffer ? new Uint8Array(data) : data
}

/** The upgrade was answered as a request. */
async function refusalIn(response: IncomingMessage): Promise<LiveSocketRefusal> {
  const { statusCode: status = 0 } = response
  return { status, body: await bodyOf(response).catch(() => ''), why: `the gateway answered with status ${status}` }
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const piece of response.setEncoding('utf8')) {
    text += piece
    if (text.length > mostBody) break
  }
  return text
}

/** Of several addresses that were tried the first tells as much as all. */
function reasonOf(error: Error): string {
  const [first] = error instanceof AggregateError ? error.errors : []
  const told = first instanceof Error ? first : error
  return 'code' in told && told.code === 'ECONNREFUSED' ? 'nobody answers' : told.message
}

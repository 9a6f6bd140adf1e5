import { createServer, type ServerResponse } from 'node:http'
import { messageEnd, messageStart, textDelta } from './message-frames.ts'

/** A provider whose answers wait for a word. */
export interface Gate {
  readonly url: string
  /** Resolves once a request has come. */
  readonly asked: Promise<void>
  /** Lets the answer that has begun go on to its end. */
  open(): void
  close(): void
}

/** An upstream that begins a stream at once and ends it only when it is told to; a whole message it never sends. */
export async function startGate(): Promise<Gate> {
  const begun = new Set<ServerResponse>()
  let ask = (): void => undefined
  const asked = new Promise<void>((resolve) => {
    ask = resolve
  })
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    ask()
    if (!body.includes('"stream":true')) return
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(messageStart + textDelta('Hel'))
    begun.add(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const gate: Gate = {
    url: `http://127.0.0.1:${address.port}`,
    asked,
    open: () => {
      for (const response of begun) response.end(textDelta('lo') + messageEnd)
    },
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
  return gate
}

/** Reads an answer in two goes. */
export function readerOf(response: Response): { until(words: string): Promise<void>; rest(): Promise<string> } {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  const readMore = async (): Promise<boolean> => {
    const next = await reader?.read()
    text += next?.value ?? ''
    return next !== undefined && !next.done
  }
  return {
    async until(words) {
      while (!text.includes(words)) if (!(await readMore())) throw new Error(`ended before ${words}: ${text}`)
    },
    async rest() {
      for (;;) if (!(await readMore())) return text
    },
  }
}

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

/** A provider that speaks Anthropic's stream and sends each event only when it is told to. */
export interface Stepwise {
  readonly url: string
  /** Resolves with the next request that comes, in the order of their coming. */
  next(): Promise<Step>
  close(): Promise<void>
}

export interface Step {
  readonly body: string
  /** Writes the beginning of a message, up to where its text begins. */
  begin(): void
  text(text: string): void
  /** Ends the message and the answer. */
  end(): void
  /** Resolves once whoever asked has hung up before the end. */
  readonly left: Promise<void>
}

export async function startStepwise(): Promise<Stepwise> {
  const arrived: Step[] = []
  const waiting: ((step: Step) => void)[] = []
  const server = createServer((request, response) => {
    void stepOf(request, response).then((step) => {
      const resolve = waiting.shift()
      if (resolve) resolve(step)
      else arrived.push(step)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    next() {
      const step = arrived.shift()
      return step ? Promise.resolve(step) : new Promise((resolve) => waiting.push(resolve))
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function stepOf(request: IncomingMessage, response: ServerResponse): Promise<Step> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const write = (event: StreamEvent): void => {
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  }
  return {
    body: Buffer.concat(chunks).toString('utf8'),
    left: new Promise((resolve) => response.once('close', () => !response.writableFinished && resolve())),
    begin() {
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
      write(messageStart)
      write(blockStart)
    },
    text: (text) => write(textDelta(text)),
    end() {
      write(blockStop)
      write(messageDelta)
      write({ type: 'message_stop' })
      response.end()
    },
  }
}

type StreamEvent = { readonly type: string } & Readonly<Record<string, unknown>>

const messageStart = {
  type: 'message_start',
  message: {
    id: 'msg_01',
    type: 'message',
    role: 'assistant',
    model: 'claude-sonnet-4-5',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 3, output_tokens: 1 },
  },
}
const blockStart = { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }
const blockStop = { type: 'content_block_stop', index: 0 }
const messageDelta = {
  type: 'message_delta',
  delta: { stop_reason: 'end_turn', stop_sequence: null },
  usage: { output_tokens: 40 },
}

function textDelta(text: string): StreamEvent {
  return { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }
}

import type { FastifyInstance } from 'fastify'
import { GatewayError, isErrorCode } from '../../../api/error.ts'
import { invalidRequestDetails } from '../../../api/issues.ts'
import type { MessageParam } from '../../../api/schemas.gen.ts'
import type { LiveAsking } from '../plan.ts'
import { placeIn, prepareTurn, type TurnAsker } from './request.ts'

/**
 * Finds out whether a model can be asked that, before anybody asks it: as it would be if the user said something now. Throws one
 * `GatewayError` with every issue, by the fields of `hello`; or with one issue the reason why it may not be, such as a key that is missing.
 */
export async function checkAsking(
  app: Pick<FastifyInstance, 'runs' | 'credentials'>,
  asking: LiveAsking,
  messages: readonly MessageParam[],
  asker: TurnAsker,
): Promise<void> {
  const asked = messages.at(-1)?.role === 'user' ? messages : [...messages, something]
  const { run } = await atHello(asking, async () => {
    try {
      return await prepareTurn(app, asking, asked, asker)
    } catch (error) {
      throw await whichTool(error, app, asking, asker)
    }
  })
  for (const { model } of run.request.targets) {
    await atHello(asking, () => {
      try {
        app.credentials.keyFor(model.provider, asker.headers, asker.principal)
      } catch (error) {
        throw placed(error, 'model')
      }
    })
  }
}

const something: MessageParam = { role: 'user', content: [{ type: 'text', text: '(The user speaks.)' }] }

async function atHello<Result>(asking: LiveAsking, check: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await check()
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    const place = placeIn(asking)
    const issues = (error.issues ?? []).map((issue) => ({
      ...issue,
      ...(issue.param !== undefined && { param: place(issue.param) }),
    }))
    // What is more than a wrong field keeps its own status.
    const isOfFields = issues.length > 0 && error.type === 'invalid_request_error'
    if (isOfFields) throw new GatewayError('invalid_request', invalidRequestDetails(issues))
    throw placed(error, place(error.param ?? 'model'))
  }
}

/** The error at a field, of which it is the one issue. */
function placed(error: unknown, param: string): unknown {
  if (!(error instanceof GatewayError) || !isErrorCode(error.code)) return error
  const { code, message, param: before } = error
  const said = before !== undefined && message.startsWith(`${before}: `) ? message.slice(before.length + 2) : message
  return new GatewayError(code, { param, message: `${param}: ${said}`, issues: [{ param, code, message: said }], cause: error })
}

/** A service's key is missed by the name of its header: the tool that needs it is the one that misses it alone, too. */
async function whichTool(
  error: unknown,
  app: Pick<FastifyInstance, 'runs'>,
  asking: LiveAsking,
  asker: TurnAsker,
): Promise<unknown> {
  if (!(error instanceof GatewayError) || !keyCodes.includes(error.code)) return error
  for (const [index, name] of asking.serverTools.entries()) {
    const config = asking.serverToolConfig[name]
    const alone = { ...asking, serverTools: [name], serverToolConfig: config ? { [name]: config } : {} }
    const isIt = await prepareTurn(app, alone, [something], asker).then(
      () => false,
      (own: unknown) => own instanceof GatewayError && own.code === error.code,
    )
    if (isIt) return placed(error, `builtins[${index}]`)
  }
  return error
}

const keyCodes: readonly string[] = ['missing_provider_key', 'provider_key_not_accepted']

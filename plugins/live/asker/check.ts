import type { FastifyInstance } from 'fastify'
import { GatewayError } from '../../../api/error.ts'
import type { MessageParam } from '../../../api/schemas.gen.ts'
import type { LiveAsking } from '../plan.ts'
import { placed } from './places.ts'
import { prepareTurn, type TurnAsker } from './request.ts'

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
  try {
    const { run } = await prepareTurn(app, asking, asked, asker)
    checkKeys(app, run.request.targets, asker)
  } catch (error) {
    throw await ofTool(error, app, asking, asker)
  }
}

const something: MessageParam = { role: 'user', content: [{ type: 'text', text: '(The user speaks.)' }] }

type Targets = Awaited<ReturnType<typeof prepareTurn>>['run']['request']['targets']

function checkKeys({ credentials }: Pick<FastifyInstance, 'credentials'>, targets: Targets, asker: TurnAsker): void {
  try {
    for (const { model } of targets) credentials.keyFor(model.provider, asker.headers, asker.principal)
  } catch (error) {
    throw placed(error, 'model')
  }
}

/** A service's key is missed by the name of its header: the tool that needs it is the one that misses it alone, too. */
async function ofTool(
  error: unknown,
  app: Pick<FastifyInstance, 'runs'>,
  asking: LiveAsking,
  asker: TurnAsker,
): Promise<unknown> {
  if (!(error instanceof GatewayError) || !keyCodes.includes(error.code) || error.param === 'model') return error
  for (const [index, name] of asking.serverTools.entries()) {
    const config = asking.serverToolConfig[name]
    const alone = { ...asking, serverTools: [name], serverToolConfig: config ? { [name]: config } : {} }
    const isIt = await prepareTurn(app, alone, [something], asker).then(
      () => false,
      (own: unknown) => own instanceof GatewayError && own.code === error.code,
    )
    if (isIt) return placed(error, `tools.server_tools[${index}]`)
  }
  return error
}

const keyCodes: readonly string[] = ['missing_provider_key', 'provider_key_not_accepted']

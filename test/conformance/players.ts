import { providers } from '../../providers/index.ts'
import type { LlmProvider } from '../../providers/provider.ts'
import type { Player } from './expectations/row.ts'
import { pending } from './pending.ts'

/** Settings under which a gateway serves every player from one upstream. */
export interface Stage {
  readonly env: Readonly<Record<string, string>>
  /** The operator's keys by provider. */
  readonly keys: Readonly<Record<string, string>>
}

/** The id of the provider that plays. */
export function providerOf(player: Player): string {
  return player.slice(player.indexOf(':') + 1)
}

/** The adapter itself. Throws where there is none. */
export function playerOf(player: Player): LlmProvider {
  const provider = providers.find(({ id }) => id === providerOf(player))
  if (!provider) throw new Error(`there is no provider ${player}`)
  return provider
}

/** Whether this version has the adapter at all. */
export function isPending(player: Player): boolean {
  return pending.includes(player.includes(':') ? 'operator-defined' : player)
}

/** Whose seal stands on what an answer carries for the next turn: the provider's, or nobody's where the shape is its own. */
export function sealerOf(player: Player): string | undefined {
  return player === 'anthropic' ? undefined : providerOf(player)
}

export function stageFor(upstream: string): Stage {
  const own = providers.filter((provider) => provider.upstream)
  return {
    env: {
      VAI_RETRY_ATTEMPTS: '0',
      ...Object.fromEntries(own.map(({ upstream: settings }) => [settings?.baseURLVariable, upstream])),
    },
    keys: Object.fromEntries(own.map(({ id }) => [id, 'sk-test-replayed'])),
  }
}

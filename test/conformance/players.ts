import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { providers } from '../../providers/index.ts'
import { defineProviders } from '../../providers/openai-compatible.ts'
import type { LlmProvider } from '../../providers/provider.ts'
import { expectations } from './expectations/index.ts'
import type { Player } from './expectations/row.ts'

/** The id of the provider that plays. */
export function providerOf(player: Player): string {
  return player.slice(player.indexOf(':') + 1)
}

/** The adapter itself. Throws where there is none. */
export function playerOf(player: Player): LlmProvider {
  const provider = [...providers, ...defined].find(({ id }) => id === providerOf(player))
  if (!provider) throw new Error(`there is no provider ${player}`)
  return provider
}

/** Whose seal stands on what an answer carries for the next turn: the provider's, or nobody's where the shape is its own. */
export function sealerOf(player: Player): string | undefined {
  return player === 'anthropic' ? undefined : providerOf(player)
}

/** Settings under which a gateway serves every player from one upstream. */
export interface Stage {
  readonly env: Readonly<Record<string, string>>
  /** The operator's keys by provider. */
  readonly keys: Readonly<Record<string, string>>
  /** Takes the file of the configuration away. */
  strike(): void
}

export function stageFor(upstream: string): Stage {
  const own = providers.filter((provider) => provider.upstream)
  const folder = mkdtempSync(join(tmpdir(), 'vai-conformance-'))
  const file = join(folder, 'vai.yaml')
  // JSON is YAML.
  writeFileSync(file, JSON.stringify({ providers: definitions(upstream) }))
  return {
    env: {
      VAI_CONFIG: file,
      VAI_RETRY_ATTEMPTS: '0',
      VAI_BREAKER_FAILURE_PERCENT: '0',
      ...Object.fromEntries(own.map(({ upstream: settings }) => [settings?.baseURLVariable, upstream])),
    },
    keys: Object.fromEntries([...own, ...defined].map(({ id }) => [id, 'sk-test-replayed'])),
    strike: () => rmSync(folder, { recursive: true }),
  }
}

/** What an operator writes to have the players that are not built in. */
function definitions(upstream: string): Readonly<Record<string, object>> {
  const players = [...new Set(Object.values(expectations).map(({ by }) => by))].filter((by) => by.includes(':'))
  return Object.fromEntries(
    players.map((player) => [
      providerOf(player),
      { preset: player.startsWith('preset:') ? providerOf(player) : 'none', base_url: upstream },
    ]),
  )
}

const defined = defineProviders(definitions('http://127.0.0.1/v1'), [], { ids: [], keyHeaders: [], variables: [] }).providers

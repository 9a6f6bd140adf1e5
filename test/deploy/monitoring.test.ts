import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { wavHeader } from '../../audio/wav.ts'
import { definitions } from '../../plugins/metrics/definitions.ts'
import { type Gateway, startGateway } from '../gateway.ts'
import { measured } from '../measured.ts'
import { missing, titled } from '../programs.ts'
import { anthropicKey, startAnthropic } from '../upstreams/anthropic.ts'
import { json } from '../upstreams/behaviour.ts'
import { openAiKey } from '../upstreams/openai-chat.ts'
import { startUpstream, type Upstream } from '../upstreams/upstream.ts'

/** The alerts and the dashboard, beside a gateway that runs: what they name is there, and Prometheus understands what they ask. */

const folder = fileURLToPath(new URL('../../deploy/prometheus/', import.meta.url))
const noPromtool = missing('promtool')

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly annotations: Readonly<Record<string, string>>
}

interface Panel {
  readonly id: number
  readonly title: string
  readonly targets?: readonly { readonly expr: string }[]
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
}

const { groups }: { groups: { rules: Rule[] }[] } = parse(readFileSync(join(folder, 'alerts.yaml'), 'utf8'))
const rules = groups.flatMap((group) => group.rules)
const dashboard: { uid: string; panels: Panel[] } = JSON.parse(
  readFileSync(new URL('../../deploy/grafana/vai-gateway.json', import.meta.url), 'utf8'),
)
const asked = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => ({ title, expr: withValues(expr) })),
)
const expressions = [...asked, ...rules.map(({ alert, expr }) => ({ title: alert, expr }))]

/** Half a second of something that can be heard. */
function loudWav(): Buffer {
  const samples = Int16Array.from({ length: 8000 }, (_, index) => ((index % 100) - 50) * 200)
  return Buffer.concat([wavHeader(16_000, samples.byteLength), Buffer.from(samples.buffer)])
}

/** An expression with what Grafana puts in the place of its variables. */
function withValues(expr: string): string {
  return expr.replaceAll('$__rate_interval', '1m').replaceAll('$__range', '3h').replaceAll('$instance', '.*')
}

function promtool(...args: string[]): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: folder, encoding: 'utf8' })
  return { status, said: stdout + stderr }
}

describe.skipIf(noPromtool)(titled('Prometheus', noPromtool), () => {
  it('takes the alerts', () => {
    expect(promtool('check', 'rules', 'alerts.yaml')).toMatchObject({ status: 0, said: expect.stringContaining('SUCCESS') })
  })

  it('raises them when it should, and not otherwise', () => {
    expect(promtool('test', 'rules', 'alerts.test.yaml')).toMatchObject({ status: 0, said: expect.stringContaining('SUCCESS') })
  })

  it('takes the example of its own configuration', () => {
    expect(promtool('check', 'config', '--syntax-only', 'prometheus.yaml')).toMatchObject({ status: 0 })
  })

  it('understands every question of the dashboard', () => {
    const temporary = mkdtempSync(join(tmpdir(), 'vai-dashboard-'))
    const file = join(temporary, 'rules.yaml')
    const recorded = asked.map(({ expr }, index) => ({ record: `dashboard:${index}`, expr }))
    // JSON is YAML.
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules: recorded }] }))
    const result = promtool('check', 'rules', file)
    rmSync(temporary, { recursive: true })
    expect(result).toMatchObject({ status: 0, said: expect.stringContaining(`${asked.length} rules found`) })
  })
})

describe('alerts and dashboard', () => {
  let gateway: Gateway
  let anthropic: Upstream
  let broken: Upstream
  beforeAll(async () => {
    anthropic = await startAnthropic()
    broken = await startUpstream(json({ error: { message: 'a', type: 'server_error' } }, { status: 500 }))
    gateway = await startGateway({
      env: { VAI_ANTHROPIC_BASE_URL: anthropic.url, VAI_OPENAI_BASE_URL: `${broken.url}/v1`, VAI_RETRY_ATTEMPTS: '1' },
      keys: { anthropic: anthropicKey, openai: openAiKey },
    })
    const body = { model: 'anthropic/claude-sonnet-4-5', max_tokens: 50, messages: [{ role: 'user', content: 'Hello' }] }
    await (await gateway.post(body)).text()
    await (await gateway.post({ ...body, stream: true })).text()
    await (await gateway.post({ ...body, model: 'openai/gpt-5-mini', fallbacks: [body.model] })).text()
    const sound = { type: 'base64', media_type: 'audio/wav', data: loudWav().toString('base64') }
    const said = [{ role: 'user', content: [{ type: 'audio_stt', source: sound }] }]
    const voice = { output: { voice: 'demo/soft' } }
    await (await gateway.post({ ...body, messages: said, stream: true, stt_model: 'demo/meter', voice })).text()
    const { metrics } = gateway.app
    metrics.limitStore(true)
    metrics.runBegan(false)
    metrics.toolOver('lookup', 'ok', 0.1, 1000)
    metrics.runOver('end_turn', 1, 2, false)
    metrics.live.sttReconnect('deepgram')
    metrics.live.ttsRetry('cartesia', 'fallback')
    metrics.live.warning('tts_fallback')
  })
  afterAll(async () => {
    for (const each of [gateway, anthropic, broken]) await each.close()
  })

  it('name only what a gateway measures', async () => {
    const { text } = await measured(gateway)
    const named = new Set(expressions.flatMap(({ expr }) => expr.match(/\b(?:vai|nodejs|process)_[a-z0-9_]+/g) ?? []))
    expect(named.size).toBeGreaterThan(20)
    // Whether garbage was collected is not this test's to decide; the gateway's own have samples.
    const samples = new Set(text.split('\n').map((line) => /^(?:# TYPE (?=nodejs_))?([a-z0-9_]+)/.exec(line)?.[1]))
    expect([...named].filter((name) => !samples.has(name) && !samples.has(name.replace(/(?<=^nodejs_.*)_sum$/, '')))).toEqual([])
  })

  it.skipIf(noPromtool)(titled('read measurements that Prometheus has no complaint of', noPromtool), async () => {
    const { text: input } = await measured(gateway)
    expect(spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' })).toMatchObject({
      status: 0,
      stdout: '',
      stderr: '',
    })
  })

  it('leave out nothing that the gateway measures of its own', () => {
    const all = expressions.map(({ expr }) => expr).join('\n')
    const names = Object.values(definitions).map(({ name }) => name)
    expect(names.filter((name) => !all.includes(name))).toEqual([])
  })

  it('ask for labels that there are', () => {
    const known = new Map<string, readonly string[]>(Object.values(definitions).map(({ name, labels }) => [name, labels]))
    const ofPrometheus = ['instance', 'job', 'le']
    const wrong = expressions.flatMap(({ title, expr }) =>
      [...expr.matchAll(/\b(vai_[a-z_]+?)(?:_bucket|_sum|_count)?\{([^}]*)\}/g)].flatMap(([, name = '', matchers = '']) =>
        [...matchers.matchAll(/(\w+)(?:=~|!~|!=|=)"/g)]
          .filter(([, label = '']) => ![...ofPrometheus, ...(known.get(name) ?? [])].includes(label))
          .map(([, label]) => `${title}: ${name} has no label ${label}`),
      ),
    )
    expect(wrong).toEqual([])
  })

  it('have an entry of the runbook for each alert', () => {
    const runbook = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8')
    for (const { alert, annotations } of rules) {
      expect(annotations.runbook).toBe(`docs/runbook.md#${alert.toLowerCase()}`)
      expect(runbook).toMatch(new RegExp(`^#+ ${alert}$`, 'm'))
    }
  })

  it('lay no panel over another', () => {
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length)
    for (const { gridPos: a, title } of dashboard.panels) {
      expect(a.x + a.w, title).toBeLessThanOrEqual(24)
      for (const { gridPos: b, title: other } of dashboard.panels) {
        const isApart = a === b || a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y
        expect(isApart, `${title}, ${other}`).toBe(true)
      }
    }
  })
})

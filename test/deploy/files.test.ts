import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { isErrorCode } from '../../api/error.ts'
import { authMode, loadConfig, settings } from '../../config.ts'
import { definitions } from '../../plugins/metrics/definitions.ts'
import { startGateway } from '../gateway.ts'
import { closedPort } from '../upstreams/upstream.ts'
import { at, deploymentFiles, documentsOf, linesOf, manifests, textOf, textsAt } from './files.ts'

/** What the files for operators say of ports, paths, times and settings is so. */

const [compose] = documentsOf('compose.yaml')
const [configMap] = documentsOf('deploy/kubernetes/configmap.yaml')
const [deployment] = documentsOf('deploy/kubernetes/deployment.yaml')
const pod = at(deployment, 'spec.template.spec')
const container = at(pod, 'containers.0')
const unit = 'deploy/systemd/vai-gateway.service'
const nginx = 'deploy/nginx/vai-gateway.conf'

/** The settings that each way of running sets, as the environment has them. */
const environments: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'compose.yaml': textsAt(compose, 'services.gateway.environment'),
  'the ConfigMap': textsAt(configMap, 'data'),
  'the unit of systemd': vaiOnly(linesOf(unit, /Environment=/)),
  Dockerfile: vaiOnly([...textOf('Dockerfile').matchAll(/\b(VAI_\w+=\S+)/g)].map(([, pair = '']) => pair)),
}

describe('the files for operators', () => {
  it('are YAML where they say so', () => {
    const files = deploymentFiles.filter((path) => path.endsWith('.yaml'))
    expect(files.length).toBeGreaterThan(manifests.length)
    for (const path of files) expect(documentsOf(path), path).not.toEqual([])
  })

  it.each([...deploymentFiles, ...pages('docs')])('name no setting in %s that there is not', (path) => {
    const ofClients = ['VAI_BASE_URL', 'VAI_API_KEY', 'VAI_MODEL']
    const known = [...Object.values(settings).map(({ env }) => env), 'VAI_CONFIG', 'VAI_FIXTURES_DIR', ...ofClients]
    const named = [...textOf(path).matchAll(/\bVAI_[A-Z0-9_]*[A-Z0-9]\b(?!_|…|-)/g)].map(([name]) => name)
    expect(named.filter((name) => !known.includes(name) && !examples.includes(name))).toEqual([])
  })

  it.each(Object.entries(environments))('give settings values that are taken: %s', async (_, env) => {
    expect(Object.keys(env)).toContain('VAI_HOST')
    const config = await loadConfig(env)
    expect(authMode(config)).toBe('required')
  })

  it('agree on the port', async () => {
    const { port } = await loadConfig({})
    const ports = {
      image: linesOf('Dockerfile', /EXPOSE /),
      healthcheck: /VAI_PORT \|\| (\d+)/.exec(textOf('Dockerfile'))?.[1],
      compose: [environments['compose.yaml']?.VAI_PORT, at(compose, 'services.gateway.ports.0')],
      unit: environments['the unit of systemd']?.VAI_PORT,
      configMap: environments['the ConfigMap']?.VAI_PORT,
      pod: at(container, 'ports.0.containerPort'),
      nginx: linesOf(nginx, /server (?=\d)/),
    }
    expect(ports).toEqual({
      image: [`${port}`],
      healthcheck: `${port}`,
      compose: [`${port}`, `127.0.0.1:${port}:${port}`],
      unit: `${port}`,
      configMap: `${port}`,
      pod: port,
      nginx: [`127.0.0.1:${port}`],
    })
  })

  it('probe routes that there are', () => {
    const [contract] = documentsOf('openapi.yaml')
    const probed = ['startupProbe', 'livenessProbe', 'readinessProbe'].map((probe) => at(container, `${probe}.httpGet.path`))
    expect(probed).toEqual(['/healthz', '/healthz', '/readyz'])
    for (const path of probed) expect(Object.keys(Object(at(contract, 'paths')))).toContain(path)
  })

  it('give a gateway more time to end than it takes', async () => {
    const times = {
      'compose.yaml': seconds(at(compose, 'services.gateway.stop_grace_period')),
      'the unit of systemd': seconds(linesOf(unit, /TimeoutStopSec=/)[0]),
      'the ConfigMap':
        seconds(at(pod, 'terminationGracePeriodSeconds')) - seconds(at(container, 'lifecycle.preStop.sleep.seconds')),
    }
    for (const [name, given] of Object.entries(times)) {
      const { drain_ms } = await loadConfig(environments[name] ?? {})
      expect(given * 1000, name).toBeGreaterThanOrEqual(drain_ms + 5000 + 3000)
    }
  })
})

describe('the pages for operators', () => {
  it.each(pages('docs'))('lead somewhere with every link of %s', (path) => {
    const links = [...textOf(path).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, link = '']) => link)
    const dead = links.filter((link) => {
      const [file = '', anchor] = link.split('#')
      const target = file === '' ? path : new URL(file, `file:///${path}`).pathname.slice(1)
      if (!existsSync(new URL(`../../${target}`, import.meta.url))) return true
      return anchor !== undefined && target.endsWith('.md') && !anchorsOf(target).includes(anchor)
    })
    expect(dead).toEqual([])
  })

  it('have an entry in the runbook for each alert, and one alert for each such entry', () => {
    const [alerts] = documentsOf('deploy/prometheus/alerts.yaml')
    const rules = Object.values(Object(at(alerts, 'groups'))).flatMap((group) => Object.values(Object(at(group, 'rules'))))
    const named = rules.map((rule) => ({ alert: at(rule, 'alert'), runbook: at(rule, 'annotations.runbook') }))
    expect(named.length).toBeGreaterThan(0)
    for (const { alert, runbook } of named) {
      expect(runbook).toBe(`docs/runbook.md#${String(alert).toLowerCase()}`)
      expect(anchorsOf('docs/runbook.md')).toContain(String(alert).toLowerCase())
    }
    const entries = linesOf('docs/runbook.md', /### (?=Vai)/)
    expect(entries.sort()).toEqual(named.map(({ alert }) => alert).sort())
  })

  it('name no metric and no error that there is not', () => {
    const metrics: readonly string[] = Object.values(definitions).map(({ name }) => name)
    for (const path of ['docs/runbook.md', 'docs/hosting.md', 'docs/hardening.md']) {
      const named = [...textOf(path).matchAll(/\bvai_(?!sk_)[a-z_]+/g)].map(([name]) => name)
      expect(
        named.filter((name) => !metrics.includes(name)),
        path,
      ).toEqual([])
      const codes = [...textOf(path).matchAll(/`((?:provider|missing|invalid|expired|disabled|unknown|model|limits)_[a-z_]+)`/g)]
      const unknown = codes.map(([, code = '']) => code).filter((code) => !isErrorCode(code) && code !== 'provider_keys')
      expect(unknown, path).toEqual([])
    }
  })
})

describe('the image', () => {
  it('is made of one base, pinned by tag and digest, and runs as nobody in particular', () => {
    const bases = new Set(linesOf('Dockerfile', /FROM /).map((base) => base.replace(/ AS .*/, '')))
    expect([...bases]).toEqual([expect.stringMatching(/^node:24\.\d+\.\d+-\w+-slim@sha256:[0-9a-f]{64}$/)])
    expect(linesOf('Dockerfile', /USER /)).toEqual(['1000:1000'])
    expect([at(pod, 'securityContext.runAsUser'), at(pod, 'securityContext.fsGroup')]).toEqual([1000, 1000])
  })

  it('lets in every source that is compiled, and nothing that could hold a secret', () => {
    const patterns = textOf('.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
    const [first, ...rest] = patterns
    expect(first).toBe('*')
    const allowed = rest.map((line) => line.replace(/^!/, ''))
    const { include }: { include: string[] } = JSON.parse(textOf('tsconfig.build.json'))
    const compiled = include.map((path) => path.split('/')[0] ?? '')
    expect(compiled.filter((path) => !allowed.includes(path))).toEqual([])
    const needed = [
      'package.json',
      'package-lock.json',
      '.npmrc',
      'tsconfig.json',
      'tsconfig.build.json',
      'openapi.yaml',
      'LICENSE',
      // A package of its own, built by itself.
      'sdk',
    ]
    expect(allowed.filter((path) => !compiled.includes(path)).sort()).toEqual(needed.sort())
    expect(allowed.filter((path) => !existsSync(new URL(`../../${path}`, import.meta.url)))).toEqual([])
  })

  it('knows whether the gateway in it is well', async () => {
    const line = /HEALTHCHECK [^\n]*\\\n\s*CMD (\[.*\])$/m.exec(textOf('Dockerfile'))?.[1]
    const command: string[] = JSON.parse(line ?? '[]')
    const gateway = await startGateway()
    try {
      expect(await exitCode(command, new URL(gateway.url).port)).toBe(0)
      expect(await exitCode(command, new URL(await closedPort()).port)).toBe(1)
    } finally {
      await gateway.close()
    }
  })
})

describe('the manifests for Kubernetes', () => {
  it('keep variables away that the gateway would take for settings', () => {
    // Of a Service `vai-gateway` they would be called VAI_GATEWAY_PORT and so on, and the gateway would not start.
    expect(at(pod, 'enableServiceLinks')).toBe(false)
  })

  it('mount the gateway keys so that a change arrives', () => {
    expect(at(container, 'volumeMounts.0')).toEqual({ name: 'keys', mountPath: '/run/keys', readOnly: true })
    expect(environments['the ConfigMap']?.VAI_GATEWAY_KEYS_FILE).toMatch(/^\/run\/keys\//)
  })

  it('find each other', () => {
    const names = manifests.map((path) => {
      const [document] = documentsOf(path)
      return [at(document, 'kind'), at(document, 'metadata.name'), at(document, 'metadata.namespace')]
    })
    for (const [kind, name, namespace] of names) {
      expect({ kind, name }).toEqual({ kind, name: 'vai-gateway' })
      if (kind !== 'Namespace') expect({ kind, namespace }).toEqual({ kind, namespace: 'vai-gateway' })
    }
    const labels = at(deployment, 'spec.template.metadata.labels')
    const [service] = documentsOf('deploy/kubernetes/service.yaml')
    const [budget] = documentsOf('deploy/kubernetes/poddisruptionbudget.yaml')
    const [policy] = documentsOf('deploy/kubernetes/networkpolicy.yaml')
    expect(at(deployment, 'spec.selector.matchLabels')).toEqual(labels)
    expect(at(service, 'spec.selector')).toEqual(labels)
    expect(at(budget, 'spec.selector.matchLabels')).toEqual(labels)
    expect(at(policy, 'spec.podSelector.matchLabels')).toEqual(labels)
  })
})

describe('the configuration of nginx', () => {
  it('waits longer than a gateway takes, and closes connections before the gateway does', async () => {
    const gateway = await startGateway()
    const { limit_stream_ms, limit_body_bytes } = await loadConfig({})
    try {
      const [kept] = linesOf(nginx, /keepalive_timeout /)
      expect(seconds(kept) * 1000).toBeLessThan(gateway.app.server.keepAliveTimeout)
      for (const wait of linesOf(nginx, /proxy_read_timeout /)) expect(seconds(wait) * 1000).toBeGreaterThan(limit_stream_ms)
      expect(linesOf(nginx, /client_max_body_size /)).toEqual([`${limit_body_bytes / 1024 / 1024}m`])
    } finally {
      await gateway.close()
    }
  })
})

/** Settings of servers that the operator adds, one that is mistyped, and what Kubernetes would set: examples of the documentation. */
const examples = ['VAI_HOUSE_BASE_URL', 'VAI_OLLAMA_BASE_URL', 'VAI_PROT', 'VAI_GATEWAY_PORT']

function pages(folder: string): string[] {
  return readdirSync(new URL(`../../${folder}/`, import.meta.url))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`)
}

/** The anchors of a page's headings, as they are made of them where it is read. */
function anchorsOf(path: string): string[] {
  const headings = [...textOf(path).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading)
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

function vaiOnly(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(pairs.filter((pair) => pair.startsWith('VAI_')).map((pair) => pair.split('=')))
}

function seconds(text: unknown): number {
  return Number(String(text).replace(/s$/, ''))
}

function exitCode([command = '', ...args]: readonly string[], port: string): Promise<number | null> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { env: { PATH: process.env.PATH, VAI_PORT: port }, stdio: 'ignore' })
    child.once('close', resolve)
  })
}

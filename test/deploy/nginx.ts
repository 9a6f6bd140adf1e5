import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { missing } from '../programs.ts'
import { until } from '../until.ts'

/** Debian's nginx with the configuration that the project ships, on free ports of this machine. */
export interface Nginx {
  readonly httpPort: number
  readonly httpsPort: number
  /** Whom clients are to believe. */
  readonly certificate: string
  readonly serverName: string
  /** Complaints so far. */
  errors(): string
  close(): Promise<void>
}

const program = ['nginx', '/usr/sbin/nginx'].find((name) => !missing(name))

/** Why tests that need nginx cannot run here; undefined where they can. */
export const noNginx = program ? (missing('openssl') ?? missing('setpriv')) : missing('nginx')

export async function startNginx(gateways: readonly string[]): Promise<Nginx> {
  const folder = mkdtempSync(join(tmpdir(), 'vai-nginx-'))
  const [httpPort, httpsPort] = await Promise.all([freePort(), freePort()])
  const certificate = makeCertificate(folder)
  const shipped = readFileSync(new URL('../../deploy/nginx/vai-gateway.conf', import.meta.url), 'utf8')
  writeFileSync(join(folder, 'vai-gateway.conf'), rendered(shipped, { gateways, httpPort, httpsPort, folder }))
  writeFileSync(join(folder, 'nginx.conf'), mainConfig(folder))

  const nginx = [program ?? 'nginx', '-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf')]
  // It ends with the tests, however they end.
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', ...nginx], { stdio: ['ignore', 'ignore', 'pipe'] })
  let errors = ''
  child.stderr.on('data', (chunk) => {
    errors += chunk
  })
  const ended = new Promise((resolve) => child.once('close', resolve))
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`nginx does not start: ${errors}`)
    return fetch(`http://127.0.0.1:${httpPort}/`).then(
      () => true,
      () => false,
    )
  })
  return {
    httpPort,
    httpsPort,
    certificate,
    serverName,
    errors: () => errors,
    async close() {
      // The first process ends the others; killed, it would leave them behind.
      child.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const serverName = 'vai.example.com'

interface Rendering {
  readonly gateways: readonly string[]
  readonly httpPort: number
  readonly httpsPort: number
  readonly folder: string
}

/** The shipped file with other addresses and another certificate, which is all that an operator changes too. */
function rendered(shipped: string, { gateways, httpPort, httpsPort, folder }: Rendering): string {
  const changes: readonly (readonly [from: string, to: string])[] = [
    ['server 127.0.0.1:8080;', gateways.map((url) => `server ${new URL(url).host};`).join('\n')],
    ['listen 80;', `listen 127.0.0.1:${httpPort};`],
    ['listen [::]:80;', ''],
    ['listen 443 ssl http2;', `listen 127.0.0.1:${httpsPort} ssl http2;`],
    ['listen [::]:443 ssl http2;', ''],
    [`/etc/letsencrypt/live/${serverName}/fullchain.pem`, join(folder, 'certificate.pem')],
    [`/etc/letsencrypt/live/${serverName}/privkey.pem`, join(folder, 'key.pem')],
  ]
  return changes.reduce((text, [from, to]) => {
    if (text.split(from).length !== 2) throw new Error(`${from} is not there once`)
    return text.replace(from, to)
  }, shipped)
}

function mainConfig(folder: string): string {
  return [
    'daemon off;',
    // Of root's workers nginx makes somebody who could not read the folder.
    ...(process.getuid?.() === 0 ? ['user root;'] : []),
    'worker_processes 1;',
    `pid ${folder}/nginx.pid;`,
    'error_log stderr warn;',
    'events { worker_connections 256; }',
    'http {',
    'access_log off;',
    ...['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`),
    `include ${folder}/vai-gateway.conf;`,
    '}',
  ].join('\n')
}

function makeCertificate(folder: string): string {
  const file = join(folder, 'certificate.pem')
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', join(folder, 'key.pem')]
  const name = ['-subj', `/CN=${serverName}`, '-addext', `subjectAltName=DNS:${serverName}`]
  const { status, stderr } = spawnSync('openssl', ['req', '-x509', ...key, '-out', file, '-days', '2', ...name])
  if (status !== 0) throw new Error(`no certificate: ${stderr}`)
  return readFileSync(file, 'utf8')
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port'))))
    })
  })
}

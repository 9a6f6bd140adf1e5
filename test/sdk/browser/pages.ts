import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** The pages of these tests, and the SDK put together as a bundler does it. */
export interface Pages {
  /** Of 127.0.0.1, and the same on localhost, which is another origin. */
  readonly origin: string
  readonly otherOrigin: string
  /** The sizes of the modules, by their paths. */
  readonly modules: ReadonlyMap<string, string>
  close(): Promise<void>
}

export async function startPages(): Promise<Pages> {
  const modules = await bundled()
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://127.0.0.1').pathname
    const text = modules.get(path) ?? pageOf(path)
    response.setHeader('content-type', path.endsWith('.js') ? 'text/javascript' : 'text/html')
    response.writeHead(text === undefined ? 404 : 200).end(text)
  })
  const { port } = await listening(server)
  return {
    origin: `http://127.0.0.1:${port}`,
    otherOrigin: `http://localhost:${port}`,
    modules,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

async function bundled(): Promise<Map<string, string>> {
  const root = fileURLToPath(new URL('../../../sdk/typescript/', import.meta.url))
  const { outputFiles } = await build({
    entryPoints: ['index.ts', 'browser/index.ts', 'browser/worklet.ts'].map((path) => root + path),
    outbase: root,
    outdir: '/sdk',
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    write: false,
    logLevel: 'silent',
  })
  return new Map(outputFiles.map(({ path, text }) => [path, text]))
}

const pages = ['/index.html', '/live.js', '/messages.js', '/scenarios.js', '/sound.js', '/tap.js']

function pageOf(path: string): string | undefined {
  const name = path === '/' ? '/index.html' : path
  return pages.includes(name) ? readFileSync(new URL(`./pages${name}`, import.meta.url), 'utf8') : undefined
}

function listening(server: Server): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (address && typeof address === 'object') resolve(address)
      else reject(new Error('no address'))
    })
  })
}

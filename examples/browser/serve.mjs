// Serves the page with the SDK as it was built, to this machine alone:
//
//   VAI_CORS_ORIGINS=http://127.0.0.1:5173 npm start
//   node examples/browser/serve.mjs
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname } from 'node:path'
import process from 'node:process'

const port = Number(process.env.PORT ?? 5173)
/** Where the files of each path lie. */
const folders = {
  '/sdk/': new URL('.', import.meta.resolve('@vai/sdk')),
  '/eventsource-parser/': new URL('.', import.meta.resolve('eventsource-parser')),
  '/': new URL('.', import.meta.url),
}
const types = { '.html': 'text/html', '.css': 'text/css', '.js': 'text/javascript' }

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, 'http://127.0.0.1')
  const [prefix, folder] = Object.entries(folders).find(([path]) => pathname.startsWith(path))
  const file = new URL(pathname === '/' ? 'index.html' : pathname.slice(prefix.length), folder)
  const type = types[extname(file.pathname)]
  const bytes = type && file.href.startsWith(folder.href) ? await readFile(file).catch(() => undefined) : undefined
  response.writeHead(bytes ? 200 : 404, {
    'content-type': bytes ? `${type}; charset=utf-8` : 'text/plain',
    'cache-control': 'no-cache',
  })
  response.end(bytes ?? 'There is nothing here.')
})

server.on('error', (error) => {
  console.error(error.code === 'EADDRINUSE' ? `Port ${port} is taken: PORT=5174 node examples/browser/serve.mjs` : error.message)
  process.exit(1)
})
server.listen(port, '127.0.0.1', () => {
  const origin = `http://127.0.0.1:${server.address().port}`
  console.log(`Open ${origin}`)
  console.log(`The gateway has to know the page: VAI_CORS_ORIGINS=${origin} npm start`)
})

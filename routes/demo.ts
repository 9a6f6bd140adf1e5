import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { routesAreFor } from '../plugins/auth/routes.ts'
import { voiceCss, voiceHtml, voiceJs, voiceSoundJs } from '../web/files.gen.ts'

/** Where the page stands. Of this server it is the only one that may be fetched by a tool of its own. */
export const demoPagePath = '/demo/page'

/** Public: a page for tools to be tried on, so that a run with a tool needs neither a key nor the internet, and one to speak with a model. */
export async function demoRoutes(app: FastifyInstance): Promise<void> {
  routesAreFor('public', app)
  app.get(demoPagePath, async (_request, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', "default-src 'none'; frame-ancestors 'none'")
      .send(page),
  )
  voicePage(app)
}

/** The page that asks `/v1/messages` and plays the answer, and the files it consists of. */
function voicePage(app: FastifyInstance): void {
  app.get('/demo/voice', async (_request, reply) => {
    const nonce = randomBytes(16).toString('base64')
    return reply
      .type('text/html; charset=utf-8')
      .headers({
        'content-security-policy': voicePolicy(nonce),
        'cache-control': 'no-store',
        'permissions-policy': 'microphone=(self)',
        'referrer-policy': 'no-referrer',
      })
      .send(voiceHtml.replaceAll('{nonce}', nonce))
  })
  for (const [name, type, text] of voiceFiles) {
    app.get(`/demo/${name}`, async (_request, reply) => reply.type(`${type}; charset=utf-8`).send(text))
  }
}

const voiceFiles = [
  ['voice.css', 'text/css', voiceCss],
  ['voice.js', 'text/javascript', voiceJs],
  ['voice-sound.js', 'text/javascript', voiceSoundJs],
] as const

/** Of scripts and styles none but those that the page itself names; requests to this server alone. */
function voicePolicy(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>A page to try tools on</title>
</head>
<body>
<main>
<h1>A page to try tools on</h1>
<p>This page is served by VAI Gateway itself, so that a model can read a page where there is no key and no internet. VAI Gateway is one
server that you run yourself; it puts every language model behind the shape of the Messages API.</p>
<h2>What happens when a model reads it</h2>
<ul>
<li>The model asks for the tool <code>vai_web_fetch</code> with the address of this page.</li>
<li>The gateway fetches the page and makes Markdown of it.</li>
<li>The model reads the Markdown and answers.</li>
</ul>
<table>
<thead><tr><th>Model</th><th>What it does</th></tr></thead>
<tbody>
<tr><td>demo/echo</td><td>Says again what it was told.</td></tr>
<tr><td>demo/tools</td><td>Calls the first tool that it is offered and reports what came back.</td></tr>
</tbody>
</table>
<p>All that the gateway can do is told in <a href="/docs">its documentation</a>.</p>
</main>
</body>
</html>
`

import { spawn } from 'node:child_process'
import { freePort } from '../processes.ts'

/** A Redis on a free port, with nothing on disk; it ends with this process. Resolves with its URL. */
export async function startRedis(): Promise<string> {
  const port = await freePort()
  const child = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'])
  process.once('exit', () => child.kill('SIGKILL'))
  await new Promise<void>((resolve, reject) => {
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
      if (output.includes('Ready to accept connections')) resolve()
    })
    child.once('error', () => reject(new Error('There is no redis-server on this machine; leave --redis out.')))
    child.once('close', () => reject(new Error(`redis-server ended: ${output}`)))
  })
  return `redis://127.0.0.1:${port}`
}

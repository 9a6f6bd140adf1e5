import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { beforeAll } from 'vitest'

/** To be called once in each file that runs what is built: builds it before the tests where it is not, or is older than its sources. */
export function buildBefore(): void {
  beforeAll(() => {
    const script = fileURLToPath(new URL('../scripts/ensure-built.mjs', import.meta.url))
    const { status, stderr, stdout } = spawnSync(process.execPath, [script], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`the server could not be built: ${stdout}${stderr}`)
  }, 120_000)
}

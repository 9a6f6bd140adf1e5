import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startStage } from './live/harness.ts'
import { barge, load, memoryOfSessions, mic, type Part, turns, warmUp } from './live/parts.ts'
import { Report } from './live/report.ts'

/**
 * What `/v1/live` takes, held against the budgets of the protocol: `npm run bench:live`. The gateway as it is built stands between clients that
 * stream in real time and engines that take no time of their own, each a process. Whatever is lost or out of its order voids the figures.
 */

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    part: { type: 'string', default: 'mic,turns,barge,load,memory' },
    sessions: { type: 'string', default: '50' },
    opened: { type: 'string', default: '1000' },
    json: { type: 'string' },
    // A folder for CPU profiles of the gateway, one of each part. To profile takes time itself.
    profile: { type: 'string' },
  },
})
const folder = mkdtempSync(join(tmpdir(), 'vai-live-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
process.once('SIGTERM', () => process.exit(143))
process.once('SIGINT', () => process.exit(130))

const parts: Readonly<Record<string, (part: Part) => Promise<void>>> = { mic, turns, barge, load, memory: memoryOfSessions }
const report = new Report()
report.begin()
for (const name of values.part.split(',')) {
  const run = parts[name]
  if (!run) throw new Error(`${name} is unknown; known are ${Object.keys(parts).join(', ')}`)
  // None pays for what another one has left behind.
  const probes = join(folder, name)
  const stage = await startStage(probes)
  await warmUp(stage)
  const part = { stage, report, isQuick: values.quick, sessions: Number(values.sessions), opened: Number(values.opened), probes }
  if (values.profile === undefined) await run(part)
  else {
    mkdirSync(values.profile, { recursive: true })
    await stage.profiled(join(values.profile, `live-${name}.cpuprofile`), () => run(part))
  }
  await stage.stop()
}
report.end(values.json)

import { parentPort, workerData } from 'node:worker_threads'
import { parseYaml } from './yaml.ts'

/** A thread that is given a text of YAML, says what it holds, and ends. */

if (typeof workerData === 'string') parentPort?.postMessage(parseYaml(workerData))

import { systemClock } from '../../api/clock.ts'
import { MemoryLimitStore } from '../../plugins/limits/stores/memory.ts'
import { Calls } from '../../workers/calls.ts'
import { isMessage, type PrimaryQuestion, type WorkerQuestion } from '../../workers/messages.ts'
import { Tenancy } from '../../workers/tenancy.ts'

/** Another process that counts for the one that started it, as the primary does for a worker. */

const tenancy = new Tenancy(new MemoryLimitStore({ clock: systemClock }))
const calls: Calls<PrimaryQuestion, WorkerQuestion> = new Calls({
  send: (message) => void process.send?.(message),
  answer: (question) => (question.ask === 'metrics' ? Promise.resolve('') : tenancy.answer(question)),
  clock: systemClock,
})
process.on('message', (message) => {
  if (isMessage<WorkerQuestion>(message) && message.kind !== 'note') calls.receive(message)
})
process.once('disconnect', () => process.exit())

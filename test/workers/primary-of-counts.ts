import { systemClock } from '../../api/clock.ts'
import { MemoryLimitStore } from '../../plugins/limits/stores/memory.ts'
import { MemorySessionOwners } from '../../plugins/live/sessions/memory-owners.ts'
import { Calls } from '../../workers/calls.ts'
import { isMessage, type PrimaryQuestion, type WorkerQuestion } from '../../workers/messages.ts'
import { answerOfOwners, isOwnersQuestion } from '../../workers/session-owners.ts'
import { Tenancy } from '../../workers/tenancy.ts'

/** Another process that counts for the one that started it, and knows who holds sessions, as the primary does for a worker. */

const tenancy = new Tenancy(new MemoryLimitStore({ clock: systemClock }))
const owners = new MemorySessionOwners({ clock: systemClock })
const calls: Calls<PrimaryQuestion, WorkerQuestion> = new Calls({
  send: (message) => void process.send?.(message),
  answer(question) {
    if (question.ask === 'metrics') return Promise.resolve('')
    return isOwnersQuestion(question) ? answerOfOwners(owners, question) : tenancy.answer(question)
  },
  clock: systemClock,
})
process.on('message', (message) => {
  if (isMessage<WorkerQuestion>(message) && message.kind !== 'note') calls.receive(message)
})
process.once('disconnect', () => process.exit())

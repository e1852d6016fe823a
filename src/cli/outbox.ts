import type { Command } from 'commander'
import type { Context } from './context.ts'
import { addOutboxFlush } from './outbox-flush.ts'
import { addOutboxStatus } from './outbox-status.ts'

export function addOutbox(program: Command, context: Context): void {
  const outbox = program
    .command('outbox')
    .description("Look after services' outboxes: what waits for the relay, and what the engine refuses.")
  addOutboxStatus(outbox, context)
  addOutboxFlush(outbox, context)
}

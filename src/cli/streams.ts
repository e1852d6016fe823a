import type { Command } from 'commander'
import type { Context } from './context.ts'
import { addStreamsList } from './streams-list.ts'
import { addStreamsShow } from './streams-show.ts'

export function addStreams(program: Command, context: Context): void {
  const streams = program
    .command('streams')
    .description(
      'Look at the streams of event-sourced aggregates: their events, their state, and what changed.',
    )
  addStreamsList(streams, context)
  addStreamsShow(streams, context)
}

import type { Command } from 'commander'
import type { PartitionLag } from '../log/index.ts'
import type { Context } from './context.ts'
import { type EngineOptions, withEngine } from './engine.ts'
import { exitCodes } from './exit-code.ts'
import { type LagBounds, overBounds } from './lag-bounds.ts'
import { lengthOfTime } from './length-of-time.ts'
import { wholeNumber } from './number.ts'
import type { Output } from './output.ts'
import { type Column, table } from './table.ts'
import { counted, countText } from './text.ts'
import { oldestText, summed, type TopicLag, totalsOf } from './topic-lag.ts'

interface LagOptions extends EngineOptions, LagBounds {
  readonly watch?: true
  readonly json?: true
}

export function addLag(program: Command, context: Context): void {
  program
    .command('lag')
    .argument('[group]', 'only this group')
    .description('Show how far each group is behind on each topic, in events and in time.')
    .option('--watch', 'again every second, until interrupted')
    .option(
      '--fail-over <number>',
      'end with exit code 3 when a partition is more events behind',
      wholeNumber(0),
    )
    .option('--fail-age <time>', 'the same when an event has been waiting for longer, as 30s', lengthOfTime)
    .option('--json', 'one JSON object a line, for each group and topic')
    .addHelpText('after', examples)
    .action(async (group: string | undefined, _options: object, command: Command) => {
      const options = command.optsWithGlobals<LagOptions>()
      await withEngine(options, context.io, async ({ admin }) => {
        await showLag(() => admin.lag(group), options, context)
      })
    })
}

const examples = `
Examples:
  tidings lag
  tidings lag notifications --json
  tidings lag --watch
  tidings lag --fail-over 1000 --fail-age 5m`

const watchEveryMs = 1_000

/** Once, or every second with `watch`; ends as soon as a partition is over the bounds. */
async function showLag(
  look: () => Promise<readonly PartitionLag[]>,
  options: LagOptions,
  context: Context,
): Promise<void> {
  const { io, output } = context
  for (;;) {
    const lags = await look()
    await printLag(totalsOf(lags), options, output)
    const over = overBounds(lags, options)
    if (over !== undefined) {
      output.words(over)
      context.exitCode = exitCodes.checkFailed
      return
    }
    if (!options.watch) return
    await io.wait(watchEveryMs, io.signal)
    if (io.signal.aborted) return
  }
}

async function printLag(lags: readonly TopicLag[], options: LagOptions, output: Output): Promise<void> {
  if (options.json) {
    await output.lines(lags.map((lag) => JSON.stringify(lag)))
    return output.flush()
  }
  if (lags.length === 0) return output.words('No group has read anything yet.')
  const lines = table(columns, withTotal(lags))
  return options.watch ? output.screen([...lines, '']) : output.lines(lines)
}

function withTotal(lags: readonly TopicLag[]): readonly TopicLag[] {
  if (lags.length < 2) return lags
  const partitions = lags.flatMap((each) => each.partitions)
  return [...lags, { group: 'total', topic: '', ...summed(partitions), partitions }]
}

const columns: readonly Column<TopicLag>[] = [
  { title: 'GROUP', text: ({ group }) => group },
  { title: 'TOPIC', text: ({ topic }) => topic },
  { title: 'LAG', align: 'right', text: ({ lag }) => countText(lag) },
  { title: 'OLDEST', align: 'right', text: oldestText },
  {
    title: 'RESET REQUIRED',
    text: ({ resetRequired }) =>
      resetRequired.length === 0 ? '-' : counted(resetRequired.length, 'partition'),
  },
]

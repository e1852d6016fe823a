import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { isTidingsError } from '../index.ts'
import { addAsyncApi } from './asyncapi.ts'
import type { Context } from './context.ts'
import { addDeadLetters } from './dead-letters.ts'
import { addEngines } from './engines.ts'
import { exitCodeOf, exitCodes } from './exit-code.ts'
import { addGroups } from './groups.ts'
import type { Io } from './io.ts'
import { addLag } from './lag.ts'
import { addMigrate } from './migrate.ts'
import { addOutbox } from './outbox.ts'
import { ClosedPipe, Output } from './output.ts'
import { addProjections } from './projections.ts'
import { addPublish } from './publish.ts'
import { addRegistry } from './registry.ts'
import { addSchema } from './schema.ts'
import { addSeek } from './seek.ts'
import { addStreams } from './streams.ts'
import { addTail } from './tail.ts'
import { oneLine } from './text.ts'
import { addTopics } from './topics.ts'
import { addTrace } from './trace.ts'

/** Runs one command and returns its exit code; it never rejects and never ends the process. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const output = new Output(io)
  const context: Context = { io, output, exitCode: 0 }
  try {
    await runCommand(argv, context)
    return context.exitCode
  } catch (error) {
    return failed(error, output)
  }
}

/** What was printed before a failure is printed all the same. */
async function runCommand(argv: readonly string[], context: Context): Promise<void> {
  try {
    await programOf(context).parseAsync(argv, { from: 'user' })
  } finally {
    await context.output.flush()
  }
}

function programOf(context: Context): Command {
  const { output } = context
  const program = new Command('tidings')
    .description('Publish, read and look after the events of a Tidings log.')
    .option(
      '--url <url>',
      'the engine, as sqlite:FILE; by default what the configuration says. memory:, which no other process sees, is for the registry alone',
    )
    .option('--config <file>', 'the configuration; by default tidings.config.ts in this folder')
    .option(
      '--namespace <name>',
      'the prefix of topics and groups on a shared engine; by default what the configuration says',
    )
    .version(version(), '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print the help of a command')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void output.line(text.trimEnd()),
      writeErr: (text) => output.words(text.trimEnd()),
    })
    .addHelpText('after', programHelp)
    .exitOverride()
  for (const add of [
    addPublish,
    addTail,
    addTopics,
    addGroups,
    addLag,
    addTrace,
    addEngines,
    addSeek,
    addDeadLetters,
    addOutbox,
    addMigrate,
    addStreams,
    addProjections,
    addSchema,
    addRegistry,
    addAsyncApi,
  ])
    add(program, context)
  pointToHelp(program, 'tidings', output)
  return program
}

/** What is wrong with a command is explained by its own help. */
function pointToHelp(command: Command, name: string, output: Output): void {
  command.configureOutput({ outputError: (text) => output.words(usageError(text, name)) })
  for (const each of command.commands) pointToHelp(each, `${name} ${each.name()}`, output)
}

const programHelp = `
Examples:
  tidings topics
  tidings tail orders --follow
  tidings lag --url sqlite:shop.db

Exit codes: 0 ok, 1 failed, 2 usage, 3 check failed, 4 not found, 5 engine unreachable, 6 refused.`

/** Commander's "error: unknown option '--x'\n(Did you mean --y?)" as one line of ours. */
function usageError(text: string, command: string): string {
  const sentence = text
    .replace(/^error: /, '')
    .trim()
    .replace(/\s*\n\((.*)\)$/, '. $1')
  const end = /[.?]$/.test(sentence) ? '' : '.'
  return `tidings: option_invalid: ${sentence.charAt(0).toUpperCase()}${oneLine(sentence.slice(1))}${end} \`${command} --help\` shows how.`
}

function failed(error: unknown, output: Output): number {
  if (error instanceof ClosedPipe) return 0
  if (error instanceof CommanderError) {
    const asked = error.code === 'commander.helpDisplayed' || error.code === 'commander.version'
    return asked ? 0 : exitCodes.usage
  }
  if (isTidingsError(error)) {
    output.words(`tidings: ${oneLine(error.message)}`)
    return exitCodeOf(error)
  }
  if (error instanceof Error && error.name === 'AbortError') {
    output.words('tidings: interrupted: It was ended by a signal. What it did before stays done.')
    return exitCodes.failed
  }
  // Not foreseen: whoever mends it needs to know where it comes from.
  output.words(
    `tidings: unexpected: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  )
  return exitCodes.failed
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

import { type Command, InvalidArgumentError } from 'commander'
import { connectSchemaStore } from '../index.ts'
import { listen, registryServer } from '../registry/index.ts'
import { defaultContext } from '../schema/index.ts'
import { configurationMissing, readConfiguration, resolvedUrl } from './configuration.ts'
import type { Context } from './context.ts'
import type { EngineOptions } from './engine.ts'
import type { Io } from './io.ts'
import { wholeNumber } from './number.ts'
import { oneLine } from './text.ts'

interface RegistryOptions extends EngineOptions {
  readonly port: number
  readonly host: string
  readonly token?: string
  readonly schemaBase?: string
}

const defaultPort = 8081

export function addRegistry(program: Command, context: Context): void {
  program
    .command('registry')
    .description("Serve a schema registry that speaks Confluent's REST API, until interrupted.")
    .option(
      '--port <number>',
      'where it listens; 0 for any that is free',
      wholeNumber(0, 65_535),
      defaultPort,
    )
    .option('--host <name>', 'the address it listens on; others than this machine need --token', '127.0.0.1')
    .option(
      '--token <token>',
      'what clients have to send; by default the environment variable TIDINGS_REGISTRY_TOKEN, if set',
    )
    .option('--schema-base <path>', 'where the schemas of events are, as <path>/<type>/<version>', schemaBase)
    .addHelpText('after', examples)
    .action(async (_options: object, command: Command) => {
      await serve(command.optsWithGlobals<RegistryOptions>(), context)
    })
}

const examples = `
Examples:
  tidings registry --url sqlite:registry.db
  tidings registry --url sqlite:registry.db --port 8082
  TIDINGS_REGISTRY_TOKEN=… tidings registry --url sqlite:registry.db --host 0.0.0.0`

async function serve(options: RegistryOptions, { io, output }: Context): Promise<void> {
  const token = options.token ?? io.env['TIDINGS_REGISTRY_TOKEN'] ?? undefined
  const store = await connectSchemaStore(await urlOf(options, io))
  try {
    // A database that cannot be used is said here, and not to every client.
    await store.state({ context: defaultContext, name: '' })
    const server = registryServer({
      store,
      token,
      schemaBase: options.schemaBase,
      onError: (error) => output.words(`tidings: ${oneLine(error.stack ?? error.message)}`),
    })
    const { port, host } = options
    const listening = await listen(server, { port, host, token })
    await output.line(`The schema registry listens on ${listening.url}`)
    await output.flush()
    await ended(io.signal)
    await listening.close()
  } finally {
    await store.close()
  }
}

async function urlOf({ url, config }: EngineOptions, { cwd }: Io): Promise<string> {
  if (url !== undefined) return resolvedUrl(url, cwd)
  const configured = await readConfiguration(config, cwd)
  if (configured !== undefined) return configured.url
  throw configurationMissing('No store is named: give --url sqlite:FILE, or a configuration.')
}

/** The path of an address, as of a schemaBase, or a path. */
function schemaBase(text: string): string {
  if (text.startsWith('/')) return text
  if (URL.canParse(text)) return new URL(text).pathname
  throw new InvalidArgumentError('It is a path from /, or the address that the schemaBase of services is')
}

function ended(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

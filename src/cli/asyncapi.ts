import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { asyncApi, type Catalog } from '../catalog/index.ts'
import type { Config } from '../index.ts'
import { configurationMissing, readConfiguration } from './configuration.ts'
import type { Context } from './context.ts'
import type { EngineOptions } from './engine.ts'
import { writeOut } from './out-file.ts'

interface AsyncApiOptions extends EngineOptions {
  readonly out?: string
  readonly title?: string
  readonly appVersion?: string
  readonly sends?: readonly string[]
  readonly receives?: readonly string[]
  readonly binary?: 'http' | 'kafka'
}

export function addAsyncApi(program: Command, { io, output }: Context): void {
  program
    .command('asyncapi')
    .description('Print the catalog as an AsyncAPI 3.1 document in JSON.')
    .option('--out <file>', 'write it to this file instead')
    .option('--title <title>', 'the application; by default the name in package.json')
    .option('--app-version <version>', 'its version; by default the one in package.json')
    .option('--sends <names...>', 'topics or event types that it publishes; by default all')
    .option('--receives <names...>', 'topics or event types that it handles; by default all')
    .addOption(
      new Option(
        '--binary <protocol>',
        'describe events in the binary content mode of this protocol: attributes as headers, data as payload; by default structured',
      ).choices(['http', 'kafka']),
    )
    .addHelpText('after', examples)
    .action(async (_options: object, command: Command) => {
      const options = command.optsWithGlobals<AsyncApiOptions>()
      const config = await readConfiguration(options.config, io.cwd)
      if (config?.catalog === undefined) throw configurationMissing('The document is made from a catalog.')
      const text = JSON.stringify(documentOf(config.catalog, config, options, io.cwd), null, 2)
      if (options.out === undefined) await output.line(text)
      else writeOut(text, options.out, io.cwd)
    })
}

const examples = `
Examples:
  tidings asyncapi
  tidings asyncapi --out asyncapi.json
  tidings asyncapi --binary kafka
  tidings asyncapi --title billing --receives orders --sends com.example.invoices.sent`

function documentOf(catalog: Catalog, config: Config, options: AsyncApiOptions, cwd: string): object {
  const application = packageIn(cwd)
  return asyncApi(catalog, {
    title: options.title ?? application.name ?? config.source ?? 'Events',
    version: options.appVersion ?? application.version ?? '0.0.0',
    description: application.description,
    sends: selected(catalog, options.sends),
    receives: selected(catalog, options.receives),
    schemaBase: config.schemaBase,
    binary: options.binary,
  })
}

/** What the names select: a topic all its events. @throws `type_unknown` */
function selected(
  catalog: Catalog,
  names: readonly string[] | undefined,
): readonly { readonly types: readonly string[] }[] | undefined {
  return names?.map(
    (name) => catalog.topics.find((topic) => topic.name === name) ?? catalog.definitionOf(name),
  )
}

interface Package {
  readonly name?: string
  readonly version?: string
  readonly description?: string
}

function packageIn(folder: string): Package {
  const file = join(folder, 'package.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Package) : {}
}

import type { Command } from 'commander'
import type { RegisteredSchema, SchemaRegistry } from '../schema/index.ts'
import type { Context } from './context.ts'
import { type RegistryOptions, registryHelp, withRegistry } from './schema-registry.ts'
import { type Column, table } from './table.ts'
import { countText } from './text.ts'

interface SubjectInfo {
  readonly schemaSubject: string
  readonly versions: readonly number[]
  readonly newest: RegisteredSchema | undefined
}

export function addSchemaLs(schema: Command, { io, output }: Context): void {
  schema
    .command('ls')
    .description('List the schema subjects of a registry: how many versions each has, and the newest.')
    .option('--registry <url>', registryHelp)
    .option('--json', 'one JSON object a line, for each schema subject')
    .addHelpText('after', '\nExamples:\n  tidings schema ls --registry http://localhost:8081')
    .action(async (_options: object, command: Command) => {
      const options = command.optsWithGlobals<RegistryOptions & { readonly json?: true }>()
      await withRegistry(options, io, 'look', async (registry) => {
        const subjects = await subjectsOf(registry)
        if (options.json) await output.lines(subjects.map((subject) => JSON.stringify(subjectJson(subject))))
        else if (subjects.length > 0) await output.lines(table(columns, subjects))
        else output.words('There are no schemas yet.')
      })
    })
}

async function subjectsOf(registry: SchemaRegistry): Promise<readonly SubjectInfo[]> {
  const subjects: SubjectInfo[] = []
  for (const schemaSubject of await registry.schemaSubjects()) {
    const newest = await registry.version(schemaSubject, 'latest')
    subjects.push({ schemaSubject, versions: await registry.versions(schemaSubject), newest })
  }
  return subjects
}

const columns: readonly Column<SubjectInfo>[] = [
  { title: 'SCHEMA SUBJECT', text: ({ schemaSubject }) => schemaSubject },
  { title: 'VERSIONS', align: 'right', text: ({ versions }) => countText(versions.length) },
  { title: 'NEWEST', align: 'right', text: ({ newest }) => String(newest?.version ?? '-') },
  { title: 'ID', align: 'right', text: ({ newest }) => String(newest?.id ?? '-') },
  { title: 'SCHEMA TYPE', text: ({ newest }) => newest?.schemaType ?? '-' },
]

function subjectJson({ schemaSubject, versions, newest }: SubjectInfo): object {
  const { id, guid, schemaType } = newest ?? {}
  return { schemaSubject, versions, newest: { version: newest?.version, id, guid, schemaType } }
}

import type { Command } from 'commander'
import type { Context } from './context.ts'
import { addSchemaCheck } from './schema-check.ts'
import { addSchemaDiff } from './schema-diff.ts'
import { addSchemaGen } from './schema-gen.ts'
import { addSchemaImport } from './schema-import.ts'
import { addSchemaLs } from './schema-ls.ts'
import { addSchemaPush } from './schema-push.ts'
import { addSchemaShow } from './schema-show.ts'

export function addSchema(program: Command, context: Context): void {
  const schema = program
    .command('schema')
    .description('Check the schemas of the catalog, and look after a schema registry.')
  for (const add of [
    addSchemaCheck,
    addSchemaDiff,
    addSchemaPush,
    addSchemaLs,
    addSchemaShow,
    addSchemaGen,
    addSchemaImport,
  ])
    add(schema, context)
}

import { ownSchema, describeOnServer } from '../../src/postgres/server.fixture.ts'
import { commandCases } from '../../src/cli/commands.fixture.ts'

describeOnServer('Commands on PostgreSQL', () => {
  commandCases(async () => Object.assign(ownSchema(), { namespace: 'test' }), { delay: true, tables: true })
})

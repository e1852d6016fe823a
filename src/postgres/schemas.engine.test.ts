import { test } from 'vitest'
import { schemaStoreContract } from '../testing/index.ts'
import { postgresSchemaStore } from './schema-store.ts'
import { describeOnServer, disposing, ownSchema } from './server.fixture.ts'

describeOnServer('The schemas in PostgreSQL', () => {
  schemaStoreContract({
    test,
    async open() {
      const own = ownSchema()
      const store = postgresSchemaStore(own.pool, { schema: own.schema })
      return {
        store,
        ...disposing(
          () => store.close(),
          () => own[Symbol.asyncDispose](),
        ),
      }
    },
  })
})

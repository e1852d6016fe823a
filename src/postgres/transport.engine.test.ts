import { test } from 'vitest'
import { inNamespace } from '../bus/index.ts'
import { transportContract } from '../testing/index.ts'
import { postgresCapabilities } from './capabilities.ts'
import { postgres } from './postgres.ts'
import { describeOnServer, disposing, ownSchema } from './server.fixture.ts'
import { ServerClock } from './server-clock.fixture.ts'

for (const [name, namespace] of [
  ['The PostgreSQL engine', undefined],
  ['The PostgreSQL engine in a namespace', 'staging'],
] as const) {
  describeOnServer(name, () => {
    transportContract({
      test,
      capabilities: postgresCapabilities,
      async open() {
        const own = ownSchema()
        const clock = new ServerClock()
        const engine = await postgres(clock.attend(own.pool), { schema: own.schema, clock })
        const transport = inNamespace(engine, namespace)
        return {
          transport,
          admin: transport.admin,
          clock,
          ...disposing(
            () => transport.close(),
            () => own[Symbol.asyncDispose](),
          ),
        }
      },
    })
  })
}

import { kafkaServer } from './kafka.ts'
import { motoServer } from './moto.ts'
import { postgresServer } from './postgres.ts'
import { rabbitmqServer } from './rabbitmq.ts'
import type { Server } from './server.ts'

/** Every server that tests can run against. */
export const servers: readonly Server[] = [postgresServer, kafkaServer, rabbitmqServer, motoServer]

/** Those of these names, all for none. @throws `RangeError` for a name that none has. */
export function serversNamed(names: readonly string[]): readonly Server[] {
  const unknown = names.filter((name) => !servers.some((server) => server.name === name))
  if (unknown.length > 0)
    throw new RangeError(
      `There is no engine "${unknown.join('", "')}". There are: ${servers.map(({ name }) => name).join(', ')}.`,
    )
  return names.length === 0 ? servers : servers.filter(({ name }) => names.includes(name))
}

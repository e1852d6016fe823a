import { describeOnServer, ownSchema } from '../../src/postgres/server.fixture.ts'
import { memberFaultCases } from '../member-faults.ts'

describeOnServer('A member on PostgreSQL', () => {
  memberFaultCases({
    open: () => Object.assign(ownSchema(), { namespace: 'faults' }),
    sessionMs: 3_000,
    takeoverMs: 4_000,
    keptWhileBlocked: true,
  })
})

import { inNamespace } from '../bus/index.ts'
import { sleep, systemClock } from '../kernel/index.ts'
import { transportContract } from '../testing/index.ts'
import { eventbridgeCapabilities } from './capabilities.ts'
import { eventbridge } from './eventbridge.ts'
import { busUrl, concurrently, describeOnMoto, freshName } from './moto.fixture.ts'

const clock = { now: Date.now, advance: (ms: number) => sleep(systemClock, ms) }

// moto holds a request that waits for events until its time is over, also when nobody waits for the answer any more.
const options = { waitMs: 1_000, visibilityMs: 20_000 }

describeOnMoto('The EventBridge engine in a namespace', () => {
  transportContract({
    test: concurrently,
    capabilities: eventbridgeCapabilities,
    open: async () => {
      const transport = inNamespace(await eventbridge(busUrl(), options), freshName())
      return {
        transport,
        admin: transport.admin,
        clock,
        [Symbol.asyncDispose]: () => transport.close(),
      }
    },
  })
})

describeOnMoto('The EventBridge engine', () => {
  transportContract({
    test: concurrently,
    capabilities: eventbridgeCapabilities,
    open: async () => {
      const transport = await eventbridge(busUrl(), options)
      return {
        transport,
        admin: transport.admin,
        clock,
        [Symbol.asyncDispose]: () => transport.close(),
      }
    },
  })
})

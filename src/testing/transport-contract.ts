import type { Capabilities } from '../log/index.ts'
import { type ContractCases, type ContractOptions, runContract } from './contract.ts'
import type { TransportContext } from './transport-context.ts'
import { committedCases, groupCases, lagCases, ownedCases } from './transport-group-cases.ts'
import { drainedCases, fencingCases, sharedCases } from './transport-handover-cases.ts'
import { lackCases, lackOf } from './transport-lack-cases.ts'
import { partitionPauseCases, pauseCases } from './transport-pause-cases.ts'
import { placeCases } from './transport-place-cases.ts'
import { delayCases, orderCases, publishCases } from './transport-publish-cases.ts'

export interface TransportContractOptions extends ContractOptions<TransportContext> {
  /** Of the engine: cases of what it declares to lack are skipped, with that as the reason. */
  readonly capabilities: Capabilities
}

/** What every Transport and its TransportAdmin promise. A new engine is done when these pass. */
export function transportContract({ capabilities, skip, ...options }: TransportContractOptions): void {
  const shared = capabilities.handover === 'shared' ? sharedCases : {}
  const cases: ContractCases<TransportContext> = Object.assign(
    {},
    ...themes.map((theme) => theme.cases),
    shared,
  )
  runContract(cases, { ...options, skip: { ...lacking(capabilities), ...skip } })
}

interface Theme {
  readonly cases: ContractCases<TransportContext>
  /** Why an engine cannot be held to it; undefined when it can. */
  readonly lack: (capabilities: Capabilities) => string | undefined
}

const themes: readonly Theme[] = [
  { cases: publishCases, lack: () => undefined },
  { cases: groupCases, lack: () => undefined },
  { cases: pauseCases, lack: () => undefined },
  { cases: ownedCases, lack: sharing },
  { cases: partitionPauseCases, lack: sharing },
  { cases: orderCases, lack: ({ order }) => (order === 'none' ? 'it keeps no order' : undefined) },
  { cases: delayCases, lack: ({ delay }) => (delay ? undefined : 'it delays nothing') },
  {
    cases: placeCases,
    lack: ({ replay }) =>
      replay.start && replay.time && replay.offset ? undefined : 'it cannot be read again from every place',
  },
  {
    cases: committedCases,
    lack: ({ replay }) => (replay.offset ? undefined : 'it acknowledges single events, and keeps no places'),
  },
  { cases: lagCases, lack: ({ lag }) => (lag === 'exact' ? undefined : `its lag is declared as ${lag}`) },
  {
    cases: drainedCases,
    lack: ({ handover }) => (handover === 'drained' ? undefined : `its handover is ${handover}`),
  },
  {
    cases: lackCases,
    lack: (capabilities) => (lackOf(capabilities).length > 0 ? undefined : 'it lacks nothing'),
  },
  { cases: fencingCases, lack: ({ fencing }) => (fencing ? undefined : 'it does not fence members') },
]

function sharing({ handover }: Capabilities): string | undefined {
  return handover === 'shared' ? 'its members share the partitions' : undefined
}

/** The cases that an engine with these capabilities is not held to, with the reasons. */
function lacking(capabilities: Capabilities): Readonly<Record<string, string>> {
  const skipped = themes.flatMap(({ cases, lack }) => {
    const reason = lack(capabilities)
    return reason === undefined ? [] : Object.keys(cases).map((name) => [name, reason] as const)
  })
  return Object.fromEntries(skipped)
}

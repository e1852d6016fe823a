import type { CompatibilityLevel } from '../schema-registry.ts'
import { type CompatibilityPolicy, defaultSettings } from './compatibility-rule.ts'
import { modeInForce, type RegistryMode } from './mode.ts'
import type { RegistryConfig, SchemaStore, SubjectRevision, SubjectState } from './schema-store.ts'
import { defaultContext, everything, type SchemaSubject } from './schema-subject.ts'

/** What holds for a schema subject: its own settings before those of its context, those before the ones for everything. */
export interface Scope {
  readonly level: CompatibilityLevel
  readonly policy: CompatibilityPolicy
  readonly group: string | undefined
  readonly mode: RegistryMode
  /** All fields in force, also those that the registry only keeps. */
  readonly config: RegistryConfig
  /** The schema subject first: what holds is so while none of these changes. */
  readonly revisions: readonly SubjectRevision[]
}

export async function scopeOf(store: SchemaStore, subject: SchemaSubject): Promise<Scope> {
  const states: SubjectState[] = []
  for (const each of nearestFirst(subject)) states.push(await store.state(each))
  const config: RegistryConfig = Object.assign(
    {},
    { compatibilityLevel: defaultSettings.compatibilityLevel },
    ...states.toReversed().map((state) => state.config),
  )
  return {
    level: config.compatibilityLevel ?? defaultSettings.compatibilityLevel,
    policy: config.compatibilityPolicy ?? defaultSettings.compatibilityPolicy,
    group: config.compatibilityGroup,
    mode: modeInForce(states.map(({ mode }) => mode)),
    config,
    revisions: states,
  }
}

function nearestFirst(subject: SchemaSubject): readonly SchemaSubject[] {
  const ofContext = { context: subject.context, name: '' }
  const outer = subject.context === defaultContext ? [everything] : [ofContext, everything]
  return subject.name === '' ? outer : [subject, ...outer]
}

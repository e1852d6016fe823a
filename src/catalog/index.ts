export { type AsyncApiDocument, type AsyncApiOptions, asyncApi } from './asyncapi.ts'
export { type Catalog, defineCatalog, type TypesOf } from './catalog.ts'
export { dataschemaOf, defaultSchemaBase, versionOf } from './dataschema.ts'
export {
  defineEvent,
  type EventDefinitionBuilder,
  type UnversionedEvent,
  type Upcaster,
} from './define-event.ts'
export type { AnyVersion, EventAttributes, EventDefinition, NewEvent, Upcasting } from './event-definition.ts'
export type { EventOf, EventSelector, SelectedOf, VersionedEvent } from './event-selector.ts'
export type { NotInTheCatalog, Opened } from './opened.ts'
export { importSchema } from './import-schema.ts'
export {
  majorOf,
  publishedBy,
  publishedIn,
  codeVersionOf,
  publishedVersion,
  type RegisteredVersion,
} from './published.ts'
export { type CatalogSchema, checkCatalog, lookUpCatalog, registerCatalog } from './registration.ts'
export { defineTopic, type Topic, type TopicOptions } from './topic.ts'
export {
  findingsOf,
  incompatibility,
  type PublishedVersion,
  reasonsOf,
  type VersionFinding,
  type VersionState,
} from './version-check.ts'
export type { VersionMap } from './version-numbers.ts'

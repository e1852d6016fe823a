declare const reason: unique symbol

/** No value has this type: it stands in a compile error as the reason. */
export interface NotInTheCatalog<Type extends string> {
  readonly [reason]: Type
}

/**
 * What a parameter is intersected with so that it takes only event types of an opened catalog:
 * `definition: EventDefinition<Type, Data> & Opened<Type, Types>`.
 */
export type Opened<Type extends string, Types> = [Type] extends [Types]
  ? unknown
  : NotInTheCatalog<Exclude<Type, Types>>

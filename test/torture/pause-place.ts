/** Where a member stops itself: in a handler, in the transaction of its effect, or with a commit on its way. */
export const pausePlaces = ['handler', 'transaction', 'commit'] as const
export type PausePlace = (typeof pausePlaces)[number]

export const isPausePlace = (place: unknown): place is PausePlace =>
  pausePlaces.some((each) => each === place)

/** Compiles only for types that are the same, also in what is optional: two generic functions are compared by identity. */
export type Equal<A, B> = Same<A> extends Same<B> ? true : false

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- it defers the condition
type Same<A> = <T>() => T extends A ? 1 : 2

export type Expect<Holds extends true> = Holds

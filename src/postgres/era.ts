/**
 * Which server has numbered the transactions of a row: an xid means nothing on another one, whose numbers begin anew. What a
 * restored dump has brought is of an era before the current one, which is one more than the tables say where they say that they are
 * on another server. A statement that is run there writes it down, for the dump after that.
 */
export function eraStatements(schema: string): {
  /** SQL of the era of what is written now. */
  readonly current: string
  /** SQL of whether it is written down. */
  readonly isBegun: string
  /** Writes it down, where it is not. */
  readonly begin: string
} {
  return {
    current: `(SELECT ${schema}.current_era())`,
    isBegun: `(SELECT system_identifier FROM ${schema}.era) = (SELECT system_identifier FROM pg_control_system())`,
    begin: `UPDATE ${schema}.era e SET number = e.number + 1, system_identifier = c.system_identifier
      FROM pg_control_system() c WHERE e.system_identifier <> c.system_identifier`,
  }
}

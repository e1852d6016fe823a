export type { Creating, Creation } from './creation.ts'
export type { Delivered, Processing, ProcessingEnd } from './processing.ts'
export { Tracing, type TracingOptions } from './tracing.ts'

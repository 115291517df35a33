export { type ManualRuntime, manualRuntime } from './runtime/manual.ts'
export type { Assertions, TestFunction } from './testing/assertions.ts'
export { LinkRecorder } from './testing/link-recorder.ts'
export { type TransportContractOptions, type TransportPair, transportContract } from './testing/transport-contract.ts'

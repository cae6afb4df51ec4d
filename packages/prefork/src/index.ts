export { connectToPrimary } from './child/connect-to-primary.ts';
export type { DrainHandler, DrainOptions, Primary } from './child/primary.ts';
export type { MessageHandler } from './control/control-channel.ts';
export type { DrainReason } from './control/control-message.ts';
export {
  Link,
  type Answer,
  type CallHandler,
  type EncodedMessage,
  type LinkOptions,
  type TellHandler,
} from './link/link.ts';
export { LinkError } from './link/link-error.ts';
export type { Port, PortListener } from './ports/port.ts';
export { PreforkError, type PreforkErrorCode } from './prefork-error.ts';
export { availableProcessors } from './processors/available-processors.ts';
export { type StoppedWorker, Supervisor } from './supervisor/supervisor.ts';
export type { SupervisorLog, SupervisorOptions } from './supervisor/supervisor-options.ts';
export type { KillReason, Worker, WorkerExit, WorkerReport, WorkerState } from './supervisor/worker.ts';

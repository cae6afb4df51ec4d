export {
  Link,
  type Answer,
  type CallHandler,
  type EncodedMessage,
  type LinkOptions,
  type TellHandler,
} from './link/link.ts';
export { LinkError } from './link/link-error.ts';
export type { Port, PortListener } from './link/port.ts';

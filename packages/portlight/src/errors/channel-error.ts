import { PortlightError } from './portlight-error.ts';

/** Misuse of a channel or an event stream: what cannot be sent, or a close that the protocol does not know. */
export class ChannelError extends PortlightError {
  constructor(message: string, cause?: unknown) {
    super(message, 'ERR_PORTLIGHT_CHANNEL', cause);
  }

  static {
    this.prototype.name = 'ChannelError';
  }
}

/** What becomes of messages for a client that does not take them. */
type SlowClientPolicy = 'close' | 'drop' | 'latest';

/** How far a channel goes. See the option `websocket`. */
export interface ChannelLimits {
  readonly maxBackpressureBytes: number;
  readonly slowClient: SlowClientPolicy;
  readonly messagesPerSecond: number;
}

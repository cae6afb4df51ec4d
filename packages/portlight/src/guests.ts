/// <reference types="node" preserve="true" />
export type { GuestHost, GuestListener, GuestTopic } from './assembly/guest-host.ts';
export type { LentExchange, LentUpgrade, Taker } from './handlers/taker.ts';
export { hostGuest } from './http-server.ts';

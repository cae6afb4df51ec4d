export { openChannel, type TestChannel } from './open-channel.ts';
export { openEvents, type TestEvent, type TestEvents } from './open-events.ts';
export { UpgradeRefusedError } from './upgrade-refused-error.ts';

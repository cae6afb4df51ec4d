export { JoinedPort, joinPorts } from './ports/joined-ports.ts';
export type { ControlListener, ControlPort } from './ports/control-port.ts';
export type { ChildCommand } from './start/child-command.ts';
export type { ChildEnd, StartedChild } from './start/started-child.ts';
export { FakeChild, FakeChildren } from './testing/fake-children.ts';

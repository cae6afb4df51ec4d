export { JoinedPort, joinPorts } from './ports/joined-ports.ts';
export { FakeChild, FakeChildren } from './testing/fake-children.ts';

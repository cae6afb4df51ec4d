export { JoinedPort, joinPorts } from './ports/joined-ports.ts';

export { JoinedPort, joinPorts } from './link/joined-ports.ts';

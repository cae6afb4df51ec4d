import type { Pipeline } from '../pipeline.ts';
import type { Connection } from './connection.ts';
import { formatLastResponse } from './format-response.ts';
import { Observation } from './observation.ts';

const NO_REQUEST = { observedRequest: undefined, method: undefined, path: undefined, abortReason: undefined };

/** Answers what was no request, and closes. Once for a connection, after the answers to what came before. */
export function refuse(connection: Connection, error: Error, pipeline: Pipeline): void {
  connection.refuse(() => void send(connection, error, pipeline));
}

/**
 * Ends what a client has begun to send. Where that is a body, it fails, and nothing follows the answer to its request:
 * who reads the body may give that answer still. Else the refusal waits for the answers to earlier requests.
 */
export function interrupt(connection: Connection, error: Error, pipeline: Pipeline): void {
  const { newest } = connection;
  if (newest?.isReceiving !== true) {
    refuse(connection, error, pipeline);
    return;
  }
  newest.failBody(error);
  connection.closeAfterNewest();
  if (!newest.hasBegun) return;
  // Its answer may not say that it is the last one, and more of the body may come behind it.
  connection.lingerAtEnd();
  connection.whenAtRest(() => connection.end());
}

function observe(connection: Connection, answeredError: Error, pipeline: Pipeline): Observation {
  const observation = new Observation({ ...NO_REQUEST, answeredError }, pipeline);
  connection.whenCut(observation);
  return observation;
}

async function send(connection: Connection, error: Error, pipeline: Pipeline): Promise<void> {
  // To a client that has its last answer nothing is refused.
  const isObserved = pipeline.isObserved && connection.socket.writable;
  const observation = isObserved ? observe(connection, error, pipeline) : undefined;
  const response = await pipeline.refuse(error);
  const bytes = await formatLastResponse(response);
  observation?.begin('http', response.status, connection.socket.bytesWritten);
  if (!connection.socket.writable) observation?.cut(connection.bytesTaken);
  connection.end(bytes, observation && (() => observation.end(connection.socket.bytesWritten)));
}

import { patienceOf } from '../backplane/patience.ts';
import type { ClientRegistry } from '../clients/client-registry.ts';
import { ForbiddenError, type HttpError } from '../errors/http-error.ts';
import { withoutStack } from '../errors/without-stack.ts';
import type { Guard, Verdict } from './guard.ts';

const PASSED: Verdict = {};

/** Counts the requests of connected clients, and refuses those of others where a connection is required. */
export function guardClients(clients: ClientRegistry, isRequired: boolean): Guard {
  const judge = (isConnected: boolean): Verdict =>
    isConnected || !isRequired ? PASSED : { refusal: withoutStack(notConnected) };
  return (request) => {
    // A browser asks by OPTIONS whether a page of another origin may ask, and says nothing of who it is.
    if (request.method === 'OPTIONS') return PASSED;
    if (!clients.mayHaveClients) return judge(false);
    const { id } = request.client;
    clients.noteRequest(id);
    if (!isRequired) return PASSED;
    const isConnected = clients.isConnected(id, () => patienceOf(request));
    return isConnected instanceof Promise ? isConnected.then(judge, refuse) : judge(isConnected);
  };
}

/** What cannot be known refuses too, and takes nothing from what other guards say of the request. */
function refuse(refusal: HttpError): Verdict {
  return { refusal };
}

function notConnected(): ForbiddenError {
  return new ForbiddenError('This client is not connected; it has to ask for /connect first.', {
    code: 'ERR_PORTLIGHT_CONNECTION_REQUIRED',
  });
}

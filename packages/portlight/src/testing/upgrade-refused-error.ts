/** The server answered a request for a WebSocket, or for events, with something else. */
export class UpgradeRefusedError extends Error {
  /** What it answered. */
  readonly response: Response;

  constructor(response: Response) {
    super(`The server answered ${response.status} instead.`);
    this.name = 'UpgradeRefusedError';
    this.response = response;
  }
}

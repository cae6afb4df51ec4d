/** The turn that a request has, as far as who waits within it has to know. */
export interface HeldTurn {
  /** Lets others have it. */
  pause(): void;
  /** Resolves when it is the request's turn again, before all who have not had theirs. */
  resume(): Promise<void>;
}

const held: WeakMap<object, HeldTurn> = new WeakMap();

export function holdTurn(request: object, turn: HeldTurn): void {
  held.set(request, turn);
}

/** Waits for something that the request does not have to be at its turn for, if it has one. */
export function outsideTurn<Value>(request: object | undefined, waiting: Promise<Value>): Promise<Value> {
  const turn = request && held.get(request);
  if (turn === undefined) return waiting;
  return waitOutside(turn, waiting);
}

async function waitOutside<Value>(turn: HeldTurn, waiting: Promise<Value>): Promise<Value> {
  turn.pause();
  try {
    return await waiting;
  } finally {
    await turn.resume();
  }
}

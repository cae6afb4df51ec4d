// What every server of the bench answers: the same bytes to the same requests.

/** The routes beside the one that is asked for, as a small app has them. */
export const NEIGHBOURS = Array.from({ length: 49 }, (_, index) => `/resource-${index}/:id`);

export const HELLO = 'Hello, World!';

/** @param {string} id */
export const user = (id) => ({ id, name: 'Ada' });

/** @param {{ name: string, age: number }} body */
export const created = (body) => ({ name: body.name, next: body.age + 1 });

/** Where a server of the bench listens: its only argument. */
export const port = Number(process.argv[2]);

/** How many processes a server has that has several. */
export const PROCESSES = 2;

/** Keeps the process busy for two seconds. */
export function block() {
  for (const end = performance.now() + 2_000; performance.now() < end;);
}

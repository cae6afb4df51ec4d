// The routes of one resource, in a file of their own: a Router has no port and can be mounted anywhere.
import { HttpError, HttpResponse, Router } from 'portlight';
import { z } from 'zod';

const id = z.object({ id: z.coerce.number().int().positive() });
const draft = z.object({ text: z.string().trim().min(1).max(200), isDone: z.boolean().default(false) });
const filter = z.object({ done: z.enum(['yes', 'no']).optional() });

/** @type {Map<number, z.infer<typeof draft>>} */
const tasks = new Map();
let lastId = 0;

/** @param {number} wanted */
function find(wanted) {
  const task = tasks.get(wanted);
  if (task === undefined) throw new HttpError(404, `There is no task ${wanted}.`, { code: 'NO_SUCH_TASK' });
  return { id: wanted, ...task };
}

export const taskRoutes = new Router()
  .get('/', { query: filter }, ({ query }) =>
    [...tasks.keys()].map(find).filter((task) => query.done === undefined || task.isDone === (query.done === 'yes')),
  )
  .post('/', { body: draft }, ({ body }) => {
    lastId += 1;
    tasks.set(lastId, body);
    return HttpResponse.json(find(lastId), { status: 201, headers: { location: `/tasks/${lastId}` } });
  })
  .get('/:id', { params: id }, ({ params }) => find(params.id))
  .put('/:id', { params: id, body: draft }, ({ params, body }) => {
    find(params.id);
    tasks.set(params.id, body);
    return find(params.id);
  })
  .delete('/:id', { params: id }, ({ params }) => {
    find(params.id);
    tasks.delete(params.id);
  });

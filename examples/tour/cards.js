/**
 * The cards of the page. `code` names where the lines of server.js begin that serve it; `expects` is the status that a
 * refusal is meant to have, and `form` what is sent in place of a body: `file` a file that the reader chooses.
 */
export const CARDS = {
  Routes: [
    {
      title: 'Parameters',
      about: 'Typed from the pattern, decoded once.',
      path: '/hello/J%C3%BCrgen',
      code: [".get('/hello/:name'"],
      docs: 'guide/routing.md',
    },
    {
      title: 'Specificity',
      about: 'It was registered after /hello/:name, and still goes first.',
      path: '/hello/harbour',
      code: [".get('/hello/:name'", ".get('/hello/harbour'"],
      docs: 'guide/routing.md',
    },
    {
      title: 'Wildcards',
      about: 'The rest of the path, segment by segment; an escaped slash stays inside its segment.',
      path: '/files/a/b%2Fc/d.txt',
      code: [".get('/files/*path'"],
      docs: 'guide/routing.md',
    },
    {
      title: 'A regular expression',
      about: 'For what no pattern says. It is tried last; its named groups are the params.',
      path: '/v2/lamps',
      code: ['.get(/'],
      docs: 'guide/routing.md',
    },
    {
      title: 'Wrong method',
      about: '405, and Allow says which would be right.',
      method: 'DELETE',
      path: '/hello/you',
      expects: 405,
      code: [".get('/hello/:name'"],
      docs: 'guide/routing.md',
    },
    {
      title: 'Automatic OPTIONS',
      about: 'Nobody registered it.',
      method: 'OPTIONS',
      path: '/books',
      code: [".mount('/books'"],
      docs: 'guide/routing.md',
    },
  ],
  'What comes in': [
    {
      title: 'A good body',
      about: 'The schema of the route says what a book is.',
      method: 'POST',
      path: '/books',
      body: '{ "title": "Lamps", "year": 1999 }',
      code: ['const book =', ".post('/', { body: book }"],
      docs: 'guide/validation.md',
    },
    {
      title: 'Validation',
      about: 'The same route refuses this one, and says where.',
      method: 'POST',
      path: '/books',
      body: '{ "title": "", "year": "soon" }',
      expects: 400,
      code: ['const book =', ".post('/', { body: book }"],
      docs: 'guide/validation.md',
    },
    {
      title: 'An upload',
      about: 'Choose a file of up to 2 MB. A large one lies on disk while it is handled, and is removed afterwards.',
      method: 'POST',
      path: '/photos',
      form: 'file',
      code: [".post('/photos'"],
      docs: 'guide/requests.md',
    },
    {
      title: 'A cookie',
      about: 'Send it twice.',
      path: '/visits',
      code: [".get('/visits'"],
      docs: 'guide/replies.md',
    },
    {
      title: 'Malformed',
      about: 'A malformed escape is the mistake of the client: 400, never 500, and no route sees it.',
      path: '/hello/%zz',
      expects: 400,
      code: [".get('/hello/:name'"],
      docs: 'guide/routing.md',
    },
  ],
  'What goes out': [
    {
      title: 'A file',
      about: 'This server itself, with its length, a tag and ranges. Nothing outside the folder is sent.',
      path: '/source/server.js',
      code: [".get('/source/*path'"],
      docs: 'guide/replies.md',
    },
    {
      title: 'Middleware',
      about: 'It runs around every handler: the field Server-Timing of each answer here is its work.',
      path: '/hello/you',
      code: ['.use('],
      docs: 'guide/middleware-and-errors.md',
    },
    {
      title: 'Streaming',
      about:
        'An async generator, sent as it is made. Press Ctrl+C on the server meanwhile: it is sent to its end first.',
      path: '/count',
      code: ['async function* countDown', ".get('/count'"],
      docs: 'guide/replies.md',
    },
  ],
  'What goes wrong': [
    {
      title: 'An error of the app',
      about: 'HttpError with a code of its own, as problem+json.',
      path: '/books/7',
      expects: 404,
      code: [".get('/:id'"],
      docs: 'guide/middleware-and-errors.md',
    },
    {
      title: 'Broken handler',
      about: 'The client learns nothing of the message; the log has it.',
      path: '/broken',
      expects: 500,
      code: [".get('/broken'"],
      docs: 'guide/middleware-and-errors.md',
    },
    {
      title: 'A limit',
      about: 'Three in ten seconds. Send it four times.',
      path: '/limited',
      expects: 429,
      code: [".get('/limited'"],
      docs: 'how-to/rate-limits.md',
    },
    {
      title: 'Ready',
      about: 'For a load balancer. Says 503 while the server drains.',
      path: '/ready',
      code: ['.ready()'],
      docs: 'guide/life-of-a-server.md',
    },
  ],
};

/** The modes, and what each is. */
export const MODES = {
  concurrent: 'one process, every request as it comes',
  sequential: 'one process, one request at a time',
  workers: 'a pool of child processes on one port',
  forked: 'a child process for each connection',
};

/** The examples, and what each is about. */
export const EXAMPLES = {
  'sse-chat/server.js': 'a chat over an event stream, with letter boxes',
  'ws-chat/server.js': 'rooms over WebSockets, served by several processes',
  'forked/modes.js': 'one app in all four modes, side by side',
  'webserver/server.js': 'every byte on the wire, shown on a page',
  'domain-lookup/server.js': 'many questions at once over TCP and UDP, with deadlines',
  'two-machines/start.js': 'two servers on one Redis behind nginx, each of which can be stopped',
  'php-bridge/start.js': 'the smarts in PHP, the connections here',
  'luminova/server.js': 'the integration example of Luminova, moved here',
  'echo/server.js': 'an upload of any size, sent back while it comes',
  'json-api/server.js': 'a JSON API in several files',
  'rate-limit/server.js': 'a limit for each API key',
  'rate-limiter-flexible/server.js': 'limits kept in a store of another library',
  'cors/server.js': 'cross-origin requests',
  'clients/server.js': 'who is connected',
  'behind-nginx/server.js': 'the address of clients behind a proxy',
  'prefork-jobs/jobs.js': 'jobs for child processes, without HTTP',
};

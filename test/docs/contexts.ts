/** What may stand in front of a fragment, by the name that its comment gives. */
export const CONTEXTS: Readonly<Record<string, string>> = {
  server: "import { HttpError, HttpResponse, HttpServer, Router } from 'portlight'; const server = new HttpServer();",
  zod: "import { z } from 'zod';",
};

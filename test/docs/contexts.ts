/** What may stand in front of a fragment, by the name that its comment gives. */
export const CONTEXTS: Readonly<Record<string, string>> = {
  server: "import { HttpError, HttpResponse, HttpServer, Router } from 'portlight'; const server = new HttpServer();",
  request: "import type { HttpRequest } from 'portlight'; declare const request: HttpRequest;",
  zod: "import { z } from 'zod';",
};

import { awaitFirstChunk } from '../replies/await-first-chunk.ts';
import { controls, type HttpRequest } from '../request/http-request.ts';
import { toPathname } from '../request/target.ts';
import { sendOpenFile } from '../response/answer-with-file.ts';
import { HttpResponse } from '../response/http-response.ts';
import type { OpenFile } from '../response/open-file.ts';
import type { RouteCore } from './call-handler.ts';
import { takeFound } from './find-in-folder.ts';
import type { FolderRoute } from './folder-route.ts';

const A_YEAR_SECONDS = 31_536_000;

/** What a folder does with a request for which something was found in it. */
export function toFolderCore({ options }: FolderRoute): RouteCore {
  return (request) => {
    const found = takeFound(request);
    if (found.kind === 'folder') return addSlash(request);
    const { file, isFallback } = found;
    const response = new HttpResponse(null, {
      headers: { 'cache-control': isFallback ? 'no-cache' : cacheControlOf(file, options) },
    });
    // The same path is something else, or nothing, for who does not ask for a page.
    if (isFallback) response.header('vary', 'Accept');
    return awaitFirstChunk(sendOpenFile(response, file, options, request), request);
  };
}

/** A reference relative to the path, so that it holds behind a proxy that leaves out a part of that. */
function addSlash(request: HttpRequest): HttpResponse {
  const { path, search } = controls.target(request);
  const name = toPathname(path).split('/').at(-1) ?? '';
  return HttpResponse.redirect(`./${name}/${search === '' ? '' : `?${search}`}`, 301);
}

function cacheControlOf({ path }: OpenFile, { immutable, maxAgeSeconds }: FolderRoute['options']): string {
  const name = path.split(/[/\\]/).at(-1) ?? '';
  if (immutable !== undefined && name.search(immutable) !== -1) return `public, max-age=${A_YEAR_SECONDS}, immutable`;
  return maxAgeSeconds === undefined ? 'no-cache' : `public, max-age=${maxAgeSeconds}`;
}

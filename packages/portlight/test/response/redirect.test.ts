import { describe, expect, test } from 'vitest';
import { HttpResponse } from '../../src/index.ts';

describe('HttpResponse.redirect', () => {
  test.each<[string | URL, string]>([
    ['/', '/'],
    ['/a?b=c#d', '/a?b=c#d'],
    ['../up', '../up'],
    ['?page=2', '?page=2'],
    ['/é', '/%C3%A9'],
    ['/%C3%A9', '/%C3%A9'],
    ['https://example.com/x', 'https://example.com/x'],
    ['HTTP://example.com', 'HTTP://example.com'],
    [new URL('https://example.com/é'), 'https://example.com/%C3%A9'],
    ['/a:b', '/a:b'],
  ])('leads to %s', (location, field) => {
    const response = HttpResponse.redirect(location);
    expect(response.status).toBe(302);
    expect(response.headers.get('location')).toBe(field);
    expect(response.body).toBe(null);
  });

  test.each([301, 302, 303, 307, 308])('takes the status %i', (status) => {
    expect(HttpResponse.redirect('/', status).status).toBe(status);
  });

  test.each([200, 300, 304, 305, 306, 404, Number.NaN, '302'])('refuses the status %s', (status) => {
    expect(() => HttpResponse.redirect('/', status as number)).toThrow(expect.objectContaining({ name: 'ReplyError' }));
  });

  test.each([
    ['another host', '//evil.example'],
    ['another host by three slashes', '///evil.example'],
    ['another host by a backslash', '/\\evil.example'],
    ['another host by backslashes', '\\\\evil.example'],
    ['another host behind a tab', '/\t/evil.example'],
    ['a blank in front', ' //evil.example'],
    ['a script', 'javascript:alert(1)'],
    ['a script, mixed case', 'JaVaScRiPt:alert(1)'],
    ['data', 'data:text/html,x'],
    ['a scheme without slashes', 'https:evil.example'],
    ['a scheme with one slash', 'https:/evil.example'],
    ['a scheme with three slashes', 'https:///evil.example'],
    ['a line break', '/a\r\nset-cookie: b=c'],
    ['a NUL', '/a\0'],
    ['half a character', '/\ud800'],
  ])('refuses %s', (_what, location) => {
    expect(() => HttpResponse.redirect(location)).toThrow(expect.objectContaining({ name: 'ReplyError' }));
  });
});

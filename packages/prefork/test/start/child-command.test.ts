import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { childCommand } from '../../src/start/child-command.ts';
import { inheritedArgs, inheritedNodeOptions } from '../../src/start/inherited-options.ts';

const node = '/usr/bin/node';

describe('the command of a child', () => {
  it('is that of its parent', () => {
    const parent = { argv: [node, '/app/server.js', 'a', '-b'], execArgv: ['--import', 'tsx'], env: { HOME: '/root' } };
    expect(childCommand(parent, {})).toEqual({
      file: '/app/server.js',
      args: ['a', '-b'],
      execArgv: ['--import', 'tsx'],
      environment: { HOME: '/root' },
    });
  });

  it('may be another file, with other arguments and variables', () => {
    const parent = { argv: [node, '/app/server.js', 'a'], execArgv: [], env: { HOME: '/root', KEEP: 'yes' } };
    const options = { args: ['x'], environment: { HOME: undefined, MORE: '1' } };
    for (const entry of ['other.js', pathToFileURL(resolve('other.js')), pathToFileURL(resolve('other.js')).href])
      expect(childCommand(parent, { ...options, entry })).toEqual({
        file: resolve('other.js'),
        args: ['x'],
        execArgv: [],
        environment: { KEEP: 'yes', MORE: '1' },
      });
  });

  it('has neither the debugger nor the watcher of its parent', () => {
    const env = { NODE_OPTIONS: '--inspect --max-http-header-size=1', WATCH_REPORT_DEPENDENCIES: '1' };
    expect(childCommand({ argv: [node, '/a.js'], execArgv: ['--inspect-brk=0'], env }, {})).toMatchObject({
      execArgv: [],
      environment: { NODE_OPTIONS: '--max-http-header-size=1' },
    });
    expect(childCommand({ argv: [node, '/a.js'], execArgv: [], env }, {}).environment).toEqual({
      NODE_OPTIONS: '--max-http-header-size=1',
    });
  });

  it.each([
    { argv: [node], execArgv: [] },
    { argv: [node], execArgv: ['-e', 'code'] },
    { argv: [node, 'argument'], execArgv: ['-e', 'code'] },
    { argv: [node, 'argument'], execArgv: ['--print', 'code'] },
    { argv: [node, 'argument'], execArgv: ['--eval=code'] },
    { argv: [node, '-', 'argument'], execArgv: [] },
  ])('needs a file (%o)', (parent) => {
    expect(() => childCommand({ ...parent, env: {} }, {})).toThrow(
      expect.objectContaining({ code: 'ERR_PREFORK_NO_ENTRY', message: expect.stringContaining('the option entry') }),
    );
    expect(childCommand({ ...parent, env: {} }, { entry: '/app.js' }).file).toBe('/app.js');
  });
});

describe('options of Node', () => {
  it.each<[given: readonly string[], kept: readonly string[]]>([
    [
      ['--import', 'tsx', '--require', './a.cjs', '--loader=x'],
      ['--import', 'tsx', '--require', './a.cjs', '--loader=x'],
    ],
    [['--inspect', '--enable-source-maps'], ['--enable-source-maps']],
    [['--inspect=127.0.0.1:9229', '--inspect-brk', '--inspect-wait=0'], []],
    [['--inspect-port', '9230', '--no-warnings'], ['--no-warnings']],
    [['--inspect-publish-uid=http', '--debug-port=1'], []],
    [
      ['--watch', '--watch-path', './src', '--watch-preserve-output', '-r', 'x'],
      ['-r', 'x'],
    ],
    [
      ['--test', '--test-reporter', 'spec', '--test-name-pattern=a b', '--conditions', 'x'],
      ['--conditions', 'x'],
    ],
    [['-e', 'code', '--title=x'], ['--title=x']],
    [['--max-old-space-size=64', '-p', 'code'], ['--max-old-space-size=64']],
    [
      ['--env-file=.env', '--experimental-strip-types'],
      ['--env-file=.env', '--experimental-strip-types'],
    ],
  ])('%j become %j', (given, kept) => {
    expect(inheritedArgs(given)).toEqual(kept);
  });

  it.each([
    ['', ''],
    ['--inspect', ''],
    ['  --import  tsx --inspect=0 ', '--import tsx'],
    ['--require "./with space/a.cjs" --inspect-publish-uid=http', '--require "./with space/a.cjs"'],
    ['--require "a \\" b" --watch', '--require "a \\" b"'],
    ['--title="x y" --inspect-port 0', '--title="x y"'],
  ])('in NODE_OPTIONS, %j become %j', (given, kept) => {
    expect(inheritedNodeOptions(given)).toBe(kept);
  });
});

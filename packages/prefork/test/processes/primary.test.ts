import { describe, expect, test } from 'vitest';
import { App } from '../support/app.ts';
import { gone, isAlive } from '../support/real-children.ts';

describe.concurrent('a primary', () => {
  test('is kept alive by nothing after a stop', async () => {
    await using app = await App.start('stops');
    expect(await app.exit()).toEqual([0, null]);
    expect(app.lines.slice(1).toSorted()).toEqual([
      'exit 1 0 null "stop"',
      'exit 2 0 null "stop"',
      'stopped 2',
      'stopping',
    ]);
    expect(app.pids.filter(isAlive)).toEqual([]);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'and its children get %s at once: all finish, and nobody is started',
    async (signal) => {
      await using app = await App.start('says why');
      app.signalAll(signal);
      expect(await app.exit()).toEqual([0, null]);
      expect(
        app.lines
          .filter((line) => line.startsWith('exit'))
          .map((line) => line.slice(0, 13))
          .toSorted(),
      ).toEqual(['exit 1 0 null', 'exit 2 0 null']);
      expect(app.lines.filter((line) => line.startsWith('drain'))).toHaveLength(2);
    },
  );

  test('that is told twice ends at once', async () => {
    await using app = await App.start('slow drain');
    app.signal('SIGINT');
    await app.line(/stopping/);
    app.signal('SIGINT');
    expect(await app.exit()).toEqual([0, null]);
    expect(app.pids.filter(isAlive)).toEqual([]);
  });
});

describe.concurrent('when the primary is killed, a child', () => {
  test('finishes, as after any other word', async () => {
    await using app = await App.start('says why');
    app.signal('SIGKILL');
    await app.exit();
    await Promise.all(app.pids.map(gone));
    expect(app.lines.filter((line) => line.startsWith('drain')).toSorted()).toEqual([
      'drain 1 primary-lost',
      'drain 2 primary-lost',
    ]);
  });

  test('that loops for ever is killed', async () => {
    await using app = await App.start('loops');
    await app.line(/looping/);
    app.signal('SIGKILL');
    await app.exit();
    await Promise.all(app.pids.map(gone));
  });

  test('that loops before it is ready is killed', async () => {
    await using app = new App('loops at boot');
    const line = await app.line(/looping \d+/);
    app.signal('SIGKILL');
    await app.exit();
    await gone(Number(line.split(' ')[1]));
  });

  test('that never finishes is gone when its time is over', async () => {
    await using app = await App.start('never drains');
    app.signal('SIGKILL');
    await app.exit();
    await Promise.all(app.pids.map(gone));
  });
});

import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Backplane } from '../../src/backplane/backplane.ts';
import type { Bus } from '../../src/backplane/bus.ts';
import { MemoryBackplane } from '../../src/backplane/memory-backplane.ts';
import { SharedState } from '../../src/backplane/shared-state.ts';
import { failureOf } from '../support/failure-of.ts';
import { RecordingLogger } from '../support/recording-logger.ts';

function open(changes: Partial<Backplane> = {}): { shared: SharedState; log: RecordingLogger; calls: string[] } {
  const log = new RecordingLogger();
  const shared = new SharedState({ logger: log, verbose: false });
  const calls: string[] = [];
  const { limits, clients, bus, values } = new MemoryBackplane();
  shared.use({
    limits,
    clients,
    bus,
    values,
    open: () => void calls.push('open'),
    close: () => void calls.push('close'),
    ...changes,
  });
  return { shared, log, calls };
}

const never = (): Promise<void> => new Promise(() => {});

afterEach(() => void vi.useRealTimers());

describe('a backplane', () => {
  test('is opened by the first use, once, and closed once', async () => {
    const { shared, calls } = open();
    expect(calls).toEqual([]);
    expect(shared.values.get('x')).toBeUndefined();
    await Promise.all([shared.open(), shared.open()]);
    await Promise.all([shared.close(), shared.close()]);
    expect(calls).toEqual(['open', 'close']);
    // What is over may be asked, and does not begin anew by it.
    expect(shared.values.get('x')).toBeUndefined();
    await shared.open();
    await shared.close();
    expect(calls).toEqual(['open', 'close', 'open', 'close']);
  });

  test('that was never used is not closed', async () => {
    const { shared, calls } = open();
    await shared.close();
    expect(calls).toEqual([]);
  });

  test('is told once who listens, however often it is opened', async () => {
    const memory = new MemoryBackplane();
    const connected: string[] = [];
    vi.spyOn(memory.bus, 'connect').mockImplementation(() => void connected.push('bus'));
    vi.spyOn(memory.clients, 'connect').mockImplementation(() => void connected.push('clients'));
    const { shared } = open({ bus: memory.bus, clients: memory.clients });
    shared.receive({ receive() {}, memberChanged() {}, interrupted() {} });
    shared.watchClients({ lost() {} });
    await shared.open();
    await shared.close();
    await shared.open();
    expect(connected).toEqual(['bus', 'clients']);
  });

  test('cannot be given when another is in use', () => {
    const { shared } = open();
    shared.use(new MemoryBackplane());
    void shared.values;
    expect(() => shared.use(new MemoryBackplane())).toThrow(/before anything uses it/);
  });

  test.each<[string, () => Promise<void>]>([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
  ])('whose open %s is closed, and tried again by the next open', async (_how, openBadly) => {
    const opens = vi.fn<() => Promise<void>>(openBadly);
    const { shared, calls } = open({ open: opens });
    await expect(shared.open()).rejects.toThrow('broken');
    expect(shared.values.get('x')).toBeUndefined();
    expect([opens.mock.calls.length, calls]).toEqual([1, []]);
    opens.mockImplementation(async () => {});
    await shared.open();
    expect([opens.mock.calls.length, calls]).toEqual([2, ['close']]);
  });

  test('whose open fails is tried again by who asks something of it, once a second', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const opens = vi.fn<() => Promise<void>>(() => Promise.reject(new Error('broken')));
    const { shared, log, calls } = open({ open: opens });
    const ask = async (): Promise<number> => {
      for (let index = 0; index < 3; index++) void shared.values;
      await new Promise(setImmediate);
      return opens.mock.calls.length;
    };
    expect([await ask(), await ask()]).toEqual([1, 1]);
    vi.advanceTimersByTime(1_000);
    opens.mockImplementation(async () => {});
    expect([await ask(), await ask()]).toEqual([2, 2]);
    vi.advanceTimersByTime(1_000);
    expect([await ask(), calls]).toEqual([2, ['close']]);
    expect([log.at('warn').length, log.at('info').length, log.at('error').length]).toEqual([1, 1, 0]);
    await shared.close();
  });

  test('is not opened again when it is closed meanwhile', async () => {
    const opens = vi.fn<() => Promise<void>>(() => Promise.reject(new Error('broken')));
    const { shared } = open({ open: opens });
    await expect(shared.open()).rejects.toThrow('broken');
    await Promise.all([shared.open(), shared.close()]);
    expect(opens).toHaveBeenCalledTimes(1);
  });

  test('that is closed after an open that failed is left alone', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const opens = vi.fn<() => Promise<void>>(() => Promise.reject(new Error('broken')));
    const { shared } = open({ open: opens });
    await expect(shared.open()).rejects.toThrow('broken');
    await shared.close();
    vi.advanceTimersByTime(2_000);
    void shared.values;
    expect(opens).toHaveBeenCalledTimes(1);
  });

  test('whose open fails nobody who waits is told of in the log', async () => {
    const { shared, log } = open({ open: () => Promise.reject(new Error('broken')) });
    expect(shared.values.get('x')).toBeUndefined();
    await expect
      .poll(() => log.at('warn').map(({ message }) => message))
      .toEqual(['The backplane could not be opened.']);
  });

  test('whose open hangs fails in time', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { shared, calls } = open({ open: never });
    const failure = failureOf(shared.open());
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await failure).toMatchObject({ name: 'BackplaneError', code: 'ERR_PORTLIGHT_BACKPLANE_TIMEOUT' });
    await shared.close();
    expect(calls).toEqual(['close']);
  });

  test.each<[string, () => Promise<void>]>([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
    ['hangs', never],
  ])('whose close %s is given up in time', async (_how, close) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { shared, log } = open({ close });
    await shared.open();
    const closing = shared.close();
    await vi.advanceTimersByTimeAsync(1_000);
    await closing;
    expect(log.at('error').map(({ message }) => message)).toEqual(['The backplane could not be closed.']);
  });

  test('whose close hangs is waited for no longer than a stop can', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { shared } = open({ close: never });
    await shared.open();
    const closing = shared.close(200);
    await vi.advanceTimersByTimeAsync(200);
    await closing;
  });

  test.each(['bus', 'clients'] as const)('whose %s cannot be told who listens is not open', async (part) => {
    const memory = new MemoryBackplane();
    const connects = vi.spyOn(memory[part] as Bus, 'connect').mockImplementation(() => {
      throw new Error('broken');
    });
    const { shared, calls } = open({ [part]: memory[part] });
    shared.receive({ receive() {}, memberChanged() {}, interrupted() {} });
    shared.watchClients({ lost() {} });
    await expect(shared.open()).rejects.toThrow('broken');
    expect(calls).toEqual([]);
    connects.mockReset();
    await shared.open();
    expect(connects).toHaveBeenCalledTimes(1);
    expect(calls).toEqual(['close', 'open']);
  });

  test('whose part answers with a rejection when it is told who listens is not open', async () => {
    const memory = new MemoryBackplane();
    const connects = vi.spyOn(memory.bus, 'connect');
    const broken = (): unknown => Promise.reject(new Error('broken'));
    connects.mockImplementation(broken);
    const { shared } = open({ bus: memory.bus });
    shared.receive({ receive() {}, memberChanged() {}, interrupted() {} });
    await expect(shared.open()).rejects.toThrow('broken');
    connects.mockReset();
    await shared.open();
    expect(connects).toHaveBeenCalledTimes(1);
  });

  test('belongs to one server, unless that was given another', () => {
    const { shared } = open();
    const backplane = new MemoryBackplane();
    const { limits, values, bus, clients } = backplane;
    shared.use(backplane);
    shared.use(backplane);
    const other = new SharedState({ logger: new RecordingLogger(), verbose: false });
    for (const each of [backplane, { ...new MemoryBackplane(), bus }, { ...new MemoryBackplane(), clients }])
      expect(() => other.use(each as Backplane)).toThrow(/that of another server/);
    other.use({ ...new MemoryBackplane(), limits, values, open() {}, close() {} });
    shared.use(new MemoryBackplane());
    other.use(backplane);
  });
});

describe('a call that nobody waits for', () => {
  test('is logged when it fails, at once or later, and once until it works again', async () => {
    const { shared, log } = open();
    const fail = (): Promise<void> => Promise.reject(new Error('away'));
    const tell = async (work: unknown): Promise<void> => {
      shared.own(work, 'It did not happen.');
      await new Promise(setImmediate);
    };
    await tell(fail());
    await tell(fail);
    await tell(() => {
      throw new Error('broken');
    });
    await tell(undefined);
    expect(log.at('warn')).toMatchObject([{ message: 'It did not happen.', fields: { err: { message: 'away' } } }]);
    expect(log.at('info')).toEqual([]);
    await tell(Promise.resolve());
    expect(log.at('info')).toHaveLength(1);
    shared.own(fail(), 'Something else did not happen.');
    await expect.poll(() => log.at('warn')).toHaveLength(2);
  });
});

test('the memory of a process is nobody else’s', () => {
  expect(new SharedState({ logger: new RecordingLogger(), verbose: false }).isAlone).toBe(true);
  expect(open().shared.isAlone).toBe(false);
});

// When the client is asked to ask again.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Refresher } from '../../server/src/lsp/refresh';

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

/** As VS Code does it: asks once no refresh has come for so long, and for as long as its last answers took. */
class Client {
  asks = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  readonly refresher = new Refresher(() => {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.asks++;
      this.refresher.asked();
    }, this.delay);
  });

  constructor(private readonly delay: number) {}

  /** Changes come in quick succession for so many seconds. */
  followsFor(seconds: number): void {
    for (let time = 0; time < seconds * 1000; time += 50) {
      this.refresher.changed();
      vi.advanceTimersByTime(50);
    }
  }
}

describe('a refresher', () => {
  it('lets a client that waits for silence ask again and again while changes come', () => {
    const client = new Client(250);
    client.followsFor(10);
    expect(client.asks).toBeGreaterThan(15);
  });

  it.each([1500, 3500])('lets one that waits for %i ms ask, too', (delay) => {
    const client = new Client(delay);
    client.followsFor(60);
    // A refresh that comes too early makes it wait once more.
    expect(client.asks).toBeGreaterThan(60_000 / (delay + 2500) - 1);
  });

  it('goes on where a refresh was not followed', () => {
    let refreshes = 0;
    const refresher = new Refresher(() => { refreshes++; });
    for (let time = 0; time < 10_000; time += 50) {
      refresher.changed();
      vi.advanceTimersByTime(50);
    }
    // After 0.2, 2.2 and 6.2 s.
    expect(refreshes).toBe(3);
  });

  it('shows the last change at once where it is said to be the last, and is silent afterwards', () => {
    const client = new Client(250);
    client.refresher.changed();
    client.refresher.now();
    vi.advanceTimersByTime(250);
    expect(client.asks).toBe(1);
    vi.advanceTimersByTime(10_000);
    expect(client.asks).toBe(1);
  });
});

// Asking the client to ask again, no faster than it does: VS Code waits until no refresh has come for a quarter of a second, or for as long as
// answers have taken, and before it asks; refreshes in quick succession would keep it waiting for good.

/** Milliseconds from a change to the refresh, where the client has followed the last one. */
const soon = 200;
/** The same where it has not asked since; twice as much each time, as it may be slower than that. */
const late = 2000;

export class Refresher {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isDue = false;
  private delay = soon;

  constructor(private readonly refresh: () => void) {}

  /** Something else is to be shown. */
  changed(): void {
    this.isDue = true;
    this.timer ??= setTimeout(() => { this.now(); }, this.delay);
  }

  /** Something else is to be shown, and nothing more for now. */
  now(): void {
    this.dispose();
    this.delay = this.delay === soon ? late : 2 * this.delay;
    this.refresh();
  }

  /** The client has asked. */
  asked(): void {
    const wasLate = this.delay > soon;
    this.delay = soon;
    if (!wasLate || !this.isDue) return;
    this.dispose();
    this.changed();
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.isDue = false;
  }
}

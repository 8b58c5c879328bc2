// Room in an arena that is used again and again.

import type { Scratch } from '../incremental/linear';

/** Room for the intermediate values of one instruction at a time. */
export class ArenaScratch implements Scratch {
  private next = 0;

  constructor(private readonly room: Float64Array) {}

  take(length: number): Float64Array {
    const start = this.next;
    this.next += length;
    return this.next <= this.room.length ? this.room.subarray(start, this.next) : new Float64Array(length);
  }

  reset(): void {
    this.next = 0;
  }
}

import { Injectable } from '@nestjs/common';

/** The time by which everything that was issued here is judged: in ms since the epoch. */
export abstract class Clock {
  abstract now(): number;
}

/** The clock of this machine. */
@Injectable()
export class SystemClock extends Clock {
  override now(): number {
    return Date.now();
  }
}

/** How many requests are under way at once. */
export const connections = 64;

/** Requests on each connection ahead of a measurement. */
export const lead = 5;

/** How much is measured: enough for steady medians, or just enough to show that it works. */
export interface Plan {
  readonly rounds: number;
  /** Requests before the first measurement, so that the compiler has done its work; by number, whatever the machine. */
  readonly warmUp: number;
  /** Of a measurement with many connections, and of one with a single connection. */
  readonly milliseconds: number;
  readonly aloneMilliseconds: number;
  /** Never-seen tokens per measurement: each is sent to a server once. */
  readonly neverSeen: number;
  readonly neverSeenAlone: number;
  /** Distinct tokens between two looks at the memory; five looks. */
  readonly memoryStep: number;
  /** Requests with unknown key ids beside those of users. */
  readonly flood: number;
  readonly floodRounds: number;
}

export const fullPlan: Plan = {
  // Many short rounds: whatever else the machine does hits some of them, and the median leaves these out.
  rounds: 15,
  warmUp: 6000,
  milliseconds: 350,
  aloneMilliseconds: 140,
  neverSeen: 1600,
  neverSeenAlone: 160,
  memoryStep: 20_000,
  flood: 10_000,
  floodRounds: 3,
};

export const quickPlan: Plan = {
  rounds: 1,
  warmUp: 300,
  milliseconds: 150,
  aloneMilliseconds: 100,
  neverSeen: 300,
  neverSeenAlone: 50,
  memoryStep: 500,
  flood: 1_000,
  floodRounds: 1,
};

/** Enough tokens for one server's life, and for the pattern that needs a thousand. */
export function tokensNeeded(plan: Plan): number {
  return Math.max(1000, plan.warmUp + plan.rounds * (plan.neverSeen + plan.neverSeenAlone + lead * (connections + 1)));
}

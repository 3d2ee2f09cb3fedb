import { Inject, Injectable } from '@nestjs/common';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../../options/resolved-options.js';
import { KeyRing } from '../../sealing/key-ring.js';
import { BrokerEvents, type KeyRotationReason } from '../broker-events.js';
import { ownerOf, SealedRecords, UNREADABLE } from '../records/sealed-records.js';
import { StoreAccess } from '../records/store-access.js';
import { StoreClock } from '../records/store-clock.js';
import {
  generateSigningKey,
  PUBLISHED_BEFORE_USE,
  signingKeyUnavailable,
  type GeneratedKey,
  type SigningKey,
} from './signing-key.js';

/** The ids of key records. */
const GENERATION = /^[1-9]\d{0,8}$/;
/** A key has no end of its own. */
const NEVER = Date.UTC(9999, 11, 31);
/** Times that another process may be quicker with the next generation. */
const MOST_ATTEMPTS = 20;
/** Why a key is used at once: there is no other that could be. */
const NEEDED_NOW: ReadonlySet<KeyRotationReason> = new Set(['first', 'unreadable', 'revoked']);

/** Signing keys in the store: a record for each generation, written once. */
@Injectable()
export class SigningKeyRecords {
  private readonly records: SealedRecords<SigningKey>;
  /** The greatest generation there is a record of, readable or not. */
  private newest = 0;
  /** The greatest `oldestValid` that was ever seen here: no record that comes or goes lowers it. */
  private oldestValid = 0;

  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(StoreClock) private readonly clock: StoreClock,
    @Inject(BrokerEvents) private readonly events: BrokerEvents,
    @Inject(StoreAccess) access: StoreAccess,
    @Inject(KeyRing) keyRing: KeyRing,
  ) {
    this.records = new SealedRecords('key', ownerOf(options), access, keyRing, events);
  }

  /** Whether the last {@link read} met no record at all, not even one that does not open. */
  get areNone(): boolean {
    return this.newest === 0;
  }

  /** The keys that count, the newest last. */
  async read(): Promise<SigningKey[]> {
    const keys: SigningKey[] = [];
    let newest = 0;
    for await (const { id, value } of this.records.all({})) {
      // Anything else is none of ours, whoever put it there.
      if (!GENERATION.test(id)) continue;
      newest = Math.max(newest, Number(id));
      if (value !== UNREADABLE) keys.push(value);
    }
    this.newest = newest;
    this.oldestValid = Math.max(this.oldestValid, ...keys.map((key) => key.oldestValid));
    const valid = keys.filter(({ generation }) => generation >= this.oldestValid);
    return valid.toSorted((one, other) => one.generation - other.generation);
  }

  /** Makes the generation after those that were read, unless another process has just done so. */
  async makeNext(reason: KeyRotationReason): Promise<void> {
    const generation = this.newest + 1;
    await this.insert(generation, await this.generate(), reason);
  }

  /** Makes a key in any case, of the first generation that nobody else was quicker with. */
  async makeAnother(reason: KeyRotationReason): Promise<SigningKey> {
    const generated = await this.generate();
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      await this.read();
      const made = await this.insert(this.newest + 1, generated, reason);
      if (made !== undefined) return made;
    }
    throw signingKeyUnavailable();
  }

  async remove(generation: number): Promise<void> {
    await this.records.remove(String(generation));
  }

  async removeOlderThan(generation: number): Promise<void> {
    const older: string[] = [];
    for await (const { id, value } of this.records.all({})) {
      if (value !== UNREADABLE && value.generation < generation) older.push(id);
    }
    for (const id of older) await this.records.remove(id);
  }

  private generate(): Promise<GeneratedKey> {
    return generateSigningKey(this.options.broker!.signingAlgorithm);
  }

  /** `undefined` where another process was quicker with this generation. */
  private async insert(
    generation: number,
    generated: GeneratedKey,
    reason: KeyRotationReason,
  ): Promise<SigningKey | undefined> {
    // A record under such an id would not be read: looking for it again and again would never end.
    if (!GENERATION.test(String(generation))) throw signingKeyUnavailable();
    const createdAt = this.clock.now();
    const key = {
      ...generated,
      generation,
      createdAt,
      activeFrom: NEEDED_NOW.has(reason) ? createdAt : createdAt + PUBLISHED_BEFORE_USE,
      oldestValid: reason === 'revoked' ? generation : this.oldestValid,
    };
    if ((await this.records.insert(String(generation), key, { expiresAt: NEVER })) === undefined) return undefined;
    this.events.emit({ type: 'key_rotated', kid: key.kid, generation, reason });
    return key;
  }
}

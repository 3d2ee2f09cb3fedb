import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** Somebody this application knows: by issuer and subject, as another issuer may have the same subject. */
@Entity()
export class Account {
  @PrimaryColumn()
  iss!: string;

  @PrimaryColumn()
  sub!: string;

  @Column({ type: 'varchar', nullable: true })
  name!: string | null;

  /** Changed by nobody: it shows that both instances mean the same row. */
  @CreateDateColumn({ type: 'timestamptz' })
  firstSeen!: Date;

  @Column({ type: 'timestamptz' })
  lastSeen!: Date;
}

import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';

/** Somebody this application knows: by issuer and subject, as another issuer may have the same subject. */
@Schema({ timestamps: { createdAt: 'firstSeen', updatedAt: 'lastSeen' }, versionKey: false })
export class User {
  @Prop({ required: true })
  iss!: string;

  @Prop({ required: true })
  sub!: string;

  @Prop({ type: String, default: null })
  name!: string | null;

  firstSeen!: Date;

  lastSeen!: Date;
}

export const UserSchema = SchemaFactory.createForClass(User);
UserSchema.index({ iss: 1, sub: 1 }, { unique: true });

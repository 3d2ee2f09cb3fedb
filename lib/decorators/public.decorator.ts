import { SetMetadata, type CustomDecorator } from '@nestjs/common';
import { IS_PUBLIC } from '../guards/metadata.js';

/** No guard of this library applies to the handler or controller, not even a global one. */
export const Public = (): CustomDecorator => SetMetadata(IS_PUBLIC, true);

/** A batch that is not what it says: cut, corrupt, or of another length or count than announced. */
export class InvalidBatch extends Error {}

/** A batch that unpacks to more than the bound. */
export class TooLarge extends InvalidBatch {}

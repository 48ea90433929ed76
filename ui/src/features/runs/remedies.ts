/** What to do about a cause that many records share, by the service's code; its message says what happened. */
const remedies: Readonly<Record<string, string>> = {
  // ObjectDoesNotExist: on a write that creates, it is what a lookup points at.
  "0x80040217":
    "What a lookup points at may not be there yet: run the sync that brings it first. Run several… finds the order.",
};

export const remedyOf = (code: string): string | undefined => remedies[code];

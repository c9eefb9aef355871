/** How the broker ended, for whoever has started it; any other fault is 1. */

/** Another broker has the data folder. After EX_TEMPFAIL of sysexits.h. */
export const FOLDER_IN_USE = 75;

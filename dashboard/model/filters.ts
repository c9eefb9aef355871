/** What a page looks for among the messages, and what stands of that while it is open. search.ts and watch.ts do it. */
import type { ApiTopic } from "../../schemas/api.ts";
import type { Grade, Method } from "../../schemas/enriched.ts";
import type { Newest } from "./newest.ts";
import type { Row } from "./row.ts";

export interface Filters {
  topic: ApiTopic;
  device?: string;
  type?: string;
  event?: string;
  grade?: Grade;
  /** A finding's code. */
  code?: string;
  method?: Method;
  reason?: string;
  q?: string;
  limit: number;
}

export interface Watch {
  filters: Filters;
  matches(row: Row): boolean;
  matching: Newest<Row>;
  /** How many matched, also those that are no longer kept. */
  matched: number;
  /** Since when messages have been looked at, ms. */
  since?: number;
  /** How many were looked at. */
  searched: number;
  /** Gone before they were looked at. */
  missed: number;
  /** It is told of each message. */
  isTold: boolean;
  /** The serial up to which nothing is left to look at but what was missed. */
  seen: number;
  /** Messages of its topic that were looked at or missed, since it was opened. */
  counted: number;
  /** Left out since its page was last rendered. */
  isBehind: boolean;
  /** ms that it may still use, as of `at`. */
  credit: number;
  at: number;
}

/** What bench/connect.ts runs inside the engine: rounds of one kind of work on the text in hand, timed there. */
import { type PlanFile, unpack } from "../connect/transform/transform.ts";
import { createUsualEnrich } from "../connect/transform/usual.ts";

declare const benthos: {
  v0_msg_as_string(): string;
  v0_msg_set_string(value: string): void;
};

/** One line of the input. */
export interface Round {
  work: "nothing" | "JSON.parse" | "enrich";
  times: number;
  text: string;
  bytes: number;
  key: string;
  timestamp: number;
}

export function create(file: PlanFile) {
  const enrich = createUsualEnrich(unpack(file.plan));
  const works: Record<Round["work"], (round: Round) => unknown> = {
    nothing: ({ text }) => text,
    "JSON.parse": ({ text }) => JSON.parse(text),
    enrich: (round) => enrich(round.text, round, round.timestamp),
  };

  return {
    run(): void {
      const round = JSON.parse(benthos.v0_msg_as_string()) as Round;
      const work = works[round.work];
      const began = Date.now();
      for (let i = 0; i < round.times; i++) work(round);
      benthos.v0_msg_set_string(
        JSON.stringify({ work: round.work, us: ((Date.now() - began) * 1000) / round.times }),
      );
    },
  };
}

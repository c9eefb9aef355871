/** What every page says of its own state: cut off, not live, brokers away, still reading back. */
import { standing } from "../model/standing.ts";
import type { ViewModel } from "../model/view.ts";
import { clockSeconds } from "../format.ts";
import { withParams } from "../links.ts";
import { StatusIcon, State } from "./status.tsx";
import { Age } from "./time.tsx";

export const RailFooter = ({ view, now }: { view: ViewModel; now: number }) => (
  <footer id="rail-footer">
    <span>
      Registry <span class="mono">{view.judgedBy ?? "not seen yet"}</span>
    </span>
    <span>
      {view.kafka.connected
        ? "Kafka connected "
        : view.kafka.answered === 0
          ? "Kafka not reached "
          : "Kafka away "}
      <Age at={view.kafka.since} now={now} />
    </span>
  </footer>
);

/** Says that a figure is not known while the brokers are away, or before all is read back; undefined once it is known. */
export const notKnown = ({ kafka, caughtUp }: ViewModel): string | undefined => {
  if (kafka.connected) return caughtUp ? undefined : "not known yet";
  return kafka.answered === 0 ? "not known yet" : `unknown since ${clockSeconds(kafka.since)}`;
};

/** The same of the devices, whose messages may also wait for their verdicts. */
export function fleetNotKnown(view: ViewModel, now: number): string | undefined {
  const { state, at } = standing(view, now);
  if (state === "live") return undefined;
  return state === "reading" || at === 0 ? "not known yet" : `unknown since ${clockSeconds(at)}`;
}

/** Shown by assets/live.ts when the stream is cut; its words are there from the start, so that nothing is made up. */
export const CutBanner = () => (
  <div class="banner crit" role="alert" id="cut" hidden>
    <span class="st crit">
      <StatusIcon status="crit" />
      <b>
        Connection lost at <span id="cut-at" />
      </b>
    </span>
    <span class="m" id="cut-what" />
    <button class="btn sm end" type="button" id="cut-try">
      Try now
    </button>
  </div>
);

const REFRESH_S = 10;

export const WithoutScript = ({
  path,
  query,
  now,
}: {
  path: string;
  query: Record<string, string>;
  now: number;
}) => (
  <noscript>
    <p class="banner">
      <State status="off">
        <b>As it was at {clockSeconds(now)} UTC</b>
      </State>
      <span class="m">Live updates need JavaScript.</span>
      <a class="btn sm end" href={withParams(path, { ...query, refresh: undefined })}>
        Reload
      </a>
      {query.refresh === undefined ? (
        <a class="btn sm" href={withParams(path, { ...query, refresh: REFRESH_S })}>
          Reload every {REFRESH_S} s
        </a>
      ) : (
        <a class="btn sm" href={withParams(path, { ...query, refresh: undefined })}>
          Stop reloading
        </a>
      )}
    </p>
  </noscript>
);

/** What is wrong now, said on every page: the brokers away, the read-back still going on. */
export function Notices({ view, now }: { view: ViewModel; now: number }) {
  const { kafka, caughtUp, coveredFrom } = view;
  const refusal = view.catalog?.refusal();
  return (
    <div id="notices">
      {!kafka.connected && kafka.answered > 0 && (
        <div class="banner crit">
          <State status="crit">
            <b>Kafka away since {clockSeconds(kafka.since)} UTC</b>
          </State>
          <span class="m">
            What you see is <Age at={kafka.answered} now={now} /> old. It recovers by itself.
            {kafka.reason && ` ${kafka.reason}`}
          </span>
        </div>
      )}
      {!kafka.connected && kafka.answered === 0 && (
        <div class="banner">
          <State status="warn">
            <b>Kafka not reached yet</b>
          </State>
          <span class="m">{kafka.reason ?? "Trying again until it answers."}</span>
        </div>
      )}
      {refusal && (
        <div class="banner">
          <State status="warn">
            <b>Registry file refused at {refusal.at.slice(11, 19)} UTC</b>
          </State>
          <span class="m">
            {view.catalog?.version} stays in use. {refusal.reasons[0]}
            {refusal.reasons.length > 1 && ` and ${refusal.reasons.length - 1} more`}
          </span>
        </div>
      )}
      {kafka.connected && !caughtUp && (
        <div class="banner">
          <State status="info">
            <b>Reading back</b>
          </State>
          <span class="m">
            {coveredFrom === undefined
              ? "The last hour is being read; the figures are still growing."
              : `Messages since ${clockSeconds(coveredFrom)} UTC are being read; the figures are still growing.`}
          </span>
        </div>
      )}
    </div>
  );
}

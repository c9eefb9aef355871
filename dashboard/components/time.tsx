/** Times and ages; assets/live.ts makes the ages tick. */
import { clock, duration, exact, iso } from "../format.ts";

/** "0.3 s": how long ago. The exact time is in the title. */
export const Age = ({ at, now }: { at: number; now: number }) => (
  <time datetime={iso(at)} data-age={at} title={exact(at)}>
    {duration(now - at)}
  </time>
);

/** The same as a figure: "0.3" large, "s ago" small. */
export function BigAge({ at, now }: { at: number | undefined; now: number }) {
  if (at === undefined) return <>–</>;
  const [figure, ...unit] = duration(now - at).split(" ");
  return (
    <time datetime={iso(at)} data-age={at} data-big="" title={exact(at)}>
      <span>{figure}</span> <small>{unit.join(" ")} ago</small>
    </time>
  );
}

/** "14:27:11.902", with its day where that is not the day of `now`. */
export const DayClock = ({ at, now }: { at: number; now: number }) => (
  <time datetime={iso(at)} title={exact(at)}>
    {iso(at).slice(0, 10) !== iso(now).slice(0, 10) && `${iso(at).slice(0, 10)} `}
    {clock(at)}
  </time>
);

/** "14:27:11.902" */
export const Clock = ({ at }: { at: number }) => (
  <time datetime={iso(at)} title={exact(at)}>
    {clock(at)}
  </time>
);

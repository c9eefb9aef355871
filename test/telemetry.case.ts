/** Generated values for `iot.raw`'s schema, good and bad: every validator that people use must judge them alike. */
import { mutate, type Random, seeded } from "../enrich/mutations.fixture.ts";
import { NAUGHTY } from "../enrich/naughty.case.ts";
import { GOLDEN } from "../schemas/examples/examples.case.ts";
import { createFleet, numbered } from "../simulator/fleet.ts";

const START_MS = Date.UTC(2026, 10, 25);

/** Half of them as the simulator sends them, or slightly changed; the rest broken in structure, types and texts. */
export function* telemetryValues(count: number, seed = 1): Generator<unknown> {
  const random = seeded(seed);
  const good = simulated();
  const texts = GOLDEN.map(({ raw }) => raw.toString());
  for (let made = 0; made < count;) {
    const value = random() < 0.6 ? changed(good.next().value, random) : parsed(mutate(texts, random));
    if (value === undefined) continue;
    made++;
    yield value;
  }
}

function* simulated(): Generator<Record<string, unknown>, never> {
  const fleet = createFleet(
    { devices: numbered({ breakers: 3, meters: 2, sensors: 2 }), seed: 3, faults: 0 },
    START_MS,
  );
  for (let now = START_MS; ; now = fleet.nextMs())
    for (const { message } of fleet.take(now)) yield JSON.parse(String(message.value));
}

/** undefined for what is no JSON: a validator is not asked about that, nor about a number beyond a double. */
function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(JSON.stringify(JSON.parse(bytes.toString())));
  } catch {
    return undefined;
  }
}

const VALUES: unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e300,
  "",
  "x",
  [],
  {},
  [1],
  { value: 1 },
  { value: { value: 1 } },
];

/** One time in two unchanged; else one member becomes something else. */
function changed(message: Record<string, unknown>, random: Random): unknown {
  if (random() < 0.5) return message;
  const names = [
    "device_id",
    "device_type",
    "timestamp",
    "boot_id",
    "sequence",
    "measurements",
    "model",
    "extra",
  ];
  const name = pick(names, random);
  const value = random() < 0.4 ? pick(NAUGHTY, random) : pick(VALUES, random);
  if (random() < 0.1) {
    const { [name]: _, ...rest } = message;
    return rest;
  }
  if (name !== "measurements" || random() < 0.3) return { ...message, [name]: value };
  const measurements = message.measurements as Record<string, unknown>;
  const group = pick(Object.keys(measurements), random);
  const inside = random() < 0.5 ? value : { [pick(NAUGHTY, random)]: value };
  return { ...message, measurements: { ...measurements, [group]: inside } };
}

function pick<T>(list: readonly T[], random: Random): T {
  return list[Math.floor(random() * list.length)] as T;
}

/** `bun run simulate`: the simulated devices, sending to `iot.raw`. */
import { readSettings } from "../config/env.ts";
import { sleep } from "../kafka/backoff.ts";
import { createProducer } from "../kafka/producer.ts";
import { Counter } from "../runtime/metrics.ts";
import { runService } from "../runtime/service.ts";
import { exitWithFaults, showUsage } from "../runtime/usage.ts";
import { devicesToSimulate, USAGE } from "./arguments.ts";
import { createFleet } from "./fleet.ts";
import { startSending } from "./sending.ts";
import type { Identity } from "./simulated.ts";

const PROGRESS_MS = 60_000;
const PRODUCER_STOP_MS = 500;

showUsage(USAGE, "own");
const devices = readArguments();
await runService({
  name: "simulator",
  healthPort: 5011,
  async start({ settings, log, kafka, metrics, crash }) {
    const { sim, topics } = settings;
    const seed = sim.seed ?? crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
    const fleet = createFleet({ ...sim, devices, seed }, Date.now());
    const producer = await createProducer(kafka);

    const registers = [metrics];
    const sentTotal = new Counter({
      name: "iot_messages_sent_total",
      help: "Messages that iot.raw has acknowledged, including the broken ones.",
      registers,
    });
    const brokenTotal = new Counter({
      name: "iot_messages_broken_total",
      help: "Messages broken on purpose, by the reason that their dead letter must have.",
      labelNames: ["reason"],
      registers,
    });
    const totals = { messages_sent: 0, messages_broken: 0 };

    log.info(`simulating ${describe(devices)}; SIM_SEED=${seed} repeats this run`);
    const sending = startSending({
      fleet,
      send: async (messages) => void (await producer.send(topics.raw, messages)),
      onSent(sent) {
        sentTotal.inc(sent.length);
        totals.messages_sent += sent.length;
        for (const { fault } of sent) {
          if (fault === undefined) continue;
          brokenTotal.inc({ reason: fault });
          totals.messages_broken += 1;
        }
      },
      onError: crash,
      warn: log.warn,
    });
    let reported = { ...totals };
    const progress = setInterval(() => {
      const sent = totals.messages_sent - reported.messages_sent;
      const broken = totals.messages_broken - reported.messages_broken;
      const rate = (sent / (PROGRESS_MS / 1000)).toFixed(1);
      log.info(`sent ${sent} messages in a minute (${rate}/s), ${broken} of them broken on purpose`);
      reported = { ...totals };
    }, PROGRESS_MS);

    return {
      health: sending.health,
      counters: () => ({ ...totals }),
      async stop() {
        clearInterval(progress);
        await sending.stop();
        // Nothing is in hand any more; an absent Kafka must not hold the stop.
        await Promise.race([producer.stop(), sleep(PRODUCER_STOP_MS)]);
      },
    };
  },
});

/** Before anything else: who has mistyped one sees the usage, and no port is opened. */
function readArguments(): Identity[] {
  try {
    return devicesToSimulate(process.argv.slice(2), readSettings().sim);
  } catch (error) {
    return exitWithFaults(error);
  }
}

/** `3 smart_breaker, 2 smart_meter`, or the name of the only one. */
function describe(devices: Identity[]): string {
  const [only] = devices;
  if (devices.length === 1 && only) return `${only.id} (${only.type})`;
  const groups = [...Map.groupBy(devices, ({ type }) => type)];
  return groups.map(([type, { length }]) => `${length} ${type}`).join(", ") || "no devices";
}

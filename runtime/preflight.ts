/**
 * What must be right before anything starts: the environment, the registry, the topics. Exit 1 with every fault.
 *
 * Of topics only unequal partition counts are one, or a topic that cannot be created; other differences are said (topics.ts).
 * Run once by `dev` and by the containers.
 */
import { readSettings } from "../config/env.ts";
import { loadRegistry } from "../config/registry-file.ts";
import { prepareTopics } from "./prepare-topics.ts";
import { exitWithFaults } from "./usage.ts";

try {
  const settings = readSettings();
  await loadRegistry(settings.registryPath);
  process.exit(await prepareTopics(settings, false));
} catch (error) {
  exitWithFaults(error);
}

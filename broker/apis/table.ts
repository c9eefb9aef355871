/** Every API of this broker: the source of the codec, of ApiVersions and of the README's table. */
import { produce } from "./00-produce.ts";
import { fetch } from "./01-fetch.ts";
import { listOffsets } from "./02-list-offsets.ts";
import { metadata } from "./03-metadata.ts";
import { offsetCommit } from "./08-offset-commit.ts";
import { offsetFetch } from "./09-offset-fetch.ts";
import { findCoordinator } from "./10-find-coordinator.ts";
import { joinGroup } from "./11-join-group.ts";
import { heartbeat } from "./12-heartbeat.ts";
import { leaveGroup } from "./13-leave-group.ts";
import { syncGroup } from "./14-sync-group.ts";
import { describeGroups } from "./15-describe-groups.ts";
import { listGroups } from "./16-list-groups.ts";
import { apiVersions } from "./18-api-versions.ts";
import { createTopics } from "./19-create-topics.ts";
import { deleteTopics } from "./20-delete-topics.ts";
import { deleteRecords } from "./21-delete-records.ts";
import { initProducerId } from "./22-init-producer-id.ts";
import { describeConfigs } from "./32-describe-configs.ts";
import { describeLogDirs } from "./35-describe-log-dirs.ts";
import { createPartitions } from "./37-create-partitions.ts";
import { deleteGroups } from "./42-delete-groups.ts";
import type { Api } from "./api.ts";

const messages = [produce, fetch, listOffsets];
const cluster = [apiVersions, metadata, initProducerId, describeConfigs, describeLogDirs];
const groups = [findCoordinator, joinGroup, syncGroup, heartbeat, leaveGroup, offsetCommit, offsetFetch];
const groupAdmin = [describeGroups, listGroups, deleteGroups];
const topicAdmin = [createTopics, deleteTopics, createPartitions, deleteRecords];

export const APIS: readonly Api[] = [messages, cluster, groups, groupAdmin, topicAdmin]
  .flat()
  .sort((a, b) => a.key - b.key);

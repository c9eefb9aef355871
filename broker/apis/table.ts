/** Every API of this broker: the source of the codec, of ApiVersions and of the README's table. */
import type { Api } from "./api.ts";
import { apiVersions } from "./api-versions.ts";
import { offsetCommit, offsetFetch } from "./committed-offsets.ts";
import { describeConfigs } from "./configs.ts";
import { createTopics } from "./create-topics.ts";
import { fetch } from "./fetch.ts";
import { deleteGroups, describeGroups, listGroups } from "./group-admin.ts";
import { listOffsets } from "./list-offsets.ts";
import { findCoordinator, heartbeat, joinGroup, leaveGroup, syncGroup } from "./membership.ts";
import { metadata } from "./metadata.ts";
import { initProducerId, produce } from "./produce.ts";
import { createPartitions, deleteRecords, deleteTopics, describeLogDirs } from "./topic-admin.ts";

const basic = [apiVersions, metadata, produce, initProducerId, fetch, listOffsets];
const groups = [findCoordinator, joinGroup, syncGroup, heartbeat, leaveGroup, offsetCommit, offsetFetch];
const topics = [createTopics, deleteTopics, createPartitions, deleteRecords];
const admin = [describeGroups, listGroups, deleteGroups, describeConfigs, describeLogDirs];

export const APIS: readonly Api[] = [basic, groups, topics, admin].flat().sort((a, b) => a.key - b.key);

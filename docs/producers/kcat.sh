#!/usr/bin/env bash
# A device in one line of shell: kcat sends a good and a bad message, and shows what became of them.
#
#   docs/producers/kcat.sh [BROKERS]        default 127.0.0.1:9092; kcat needs zstd to read (kcat -V lists it)
set -euo pipefail

brokers=${1:-127.0.0.1:9092}
device=kcat-$(date +%s%N)
now=$(date -u +%FT%TZ)

# This is the one line: key and value, with a tab between them.
printf '%s\t{"device_id":"%s","device_type":"environmental_sensor","timestamp":"%s","measurements":{"temperature":21.4,"humidity":47.2,"pressure":1013.2}}\n' \
  "$device" "$device" "$now" | kcat -P -b "$brokers" -t iot.raw -K '\t' -X acks=all
printf '%s\t{"device_id":"%s","timestamp":"yesterday","measurements":{"temperature":21.4}}\n' \
  "$device" "$device" | kcat -P -b "$brokers" -t iot.raw -K '\t' -X acks=all

# From one minute ago to the end; until both are there.
since=$((($(date +%s) - 60) * 1000))
show() { kcat -C -b "$brokers" -t "$1" -o "s@$since" -e -q -f "$2" | grep -F "$device" || true; }
for _ in $(seq 30); do
  enriched=$(show iot.enriched 'enriched: %k %s\n')
  dead=$(show iot.raw.dlq 'dead letter: %k %h\n')
  if [[ -n $enriched && -n $dead ]]; then
    printf '%s\n%s\n' "$enriched" "$dead"
    exit 0
  fi
  sleep 1
done
echo "nothing came of it: does an enricher run?" >&2
exit 1

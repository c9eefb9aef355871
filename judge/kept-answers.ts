/** Answers that follow from the plan and what they are asked for alone, kept by who asks: that changes the cost, never the answer. */

/** A few hundred; then all are forgotten, so that no sender can fill the memory. */
const MAX_KEPT = 256;

export function keepAnswer<Key, Answer>(
  kept: Map<Key, Answer>,
  key: Key,
  answer: Answer,
  most = MAX_KEPT,
): Answer {
  if (kept.size >= most) kept.clear();
  kept.set(key, answer);
  return answer;
}

/** The answer for each pair of objects is made once; for pairs of which there are few. */
export function onceForEach<One, Other, Answer>(
  make: (one: One, other: Other) => Answer,
): (one: One, other: Other) => Answer {
  const kept = new Map<One, Map<Other, Answer>>();
  return (one, other) => {
    const found = kept.get(one)?.get(other);
    if (found !== undefined) return found;
    const answer = make(one, other);
    kept.set(one, (kept.get(one) ?? new Map()).set(other, answer));
    return answer;
  };
}
